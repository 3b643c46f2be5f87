"""Code as values: modules, functions and classes of the project, and what they are called with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dnnlint.script.values import Ext, Value


class Module(Value):
    """A project module and its global names."""

    __slots__ = ("dotted", "names", "path", "program")

    def __init__(self, path: str, dotted: str, program: Any) -> None:
        self.path = path
        self.dotted = dotted
        self.program = program
        self.names: dict[str, Any] = {}


class Lazy(Value):
    """An imported name that is looked up when it is first used."""

    __slots__ = ("level", "module", "name", "origin")

    def __init__(self, origin: Module, level: int, module: str, name: str | None) -> None:
        self.origin = origin
        self.level = level
        self.module = module
        self.name = name


class Func(Value):
    """A function of the project with what it closes over."""

    __slots__ = ("closure", "defaults", "grad", "kind", "module", "name", "node", "options", "owner")

    def __init__(self, node: Any, module: Module, closure: tuple[dict[str, Any], ...], name: str) -> None:
        self.node = node
        self.module = module
        self.closure = closure
        self.name = name
        self.defaults: dict[str, Value] = {}
        self.owner: Class | None = None
        self.kind = "function"  # "function" | "property" | "static" | "class" | "context"
        self.grad: bool | None = None  # set by a decorator
        self.options: dict[str, Value] = {}  # click options: defaults of parameters

    @property
    def traits(self) -> frozenset[str]:
        """The names that the function calls, and "yield" if it does; none of a lambda."""
        found: frozenset[str] = getattr(self.node, "traits", frozenset())
        return found


class Bound(Value):
    """A function together with the object it is called on."""

    __slots__ = ("func", "receiver")

    def __init__(self, func: Func, receiver: Value) -> None:
        self.func = func
        self.receiver = receiver


class Method(Value):
    """A method of something that is not a project class, taken without calling it."""

    __slots__ = ("name", "receiver")

    def __init__(self, receiver: Value, name: str) -> None:
        self.receiver = receiver
        self.name = name


class Class(Value):
    """A class of the project."""

    __slots__ = ("bases", "dataclass", "module", "mro_cache", "name", "names", "node")

    def __init__(self, node: Any, module: Module, bases: list[Value]) -> None:
        self.node = node
        self.module = module
        self.name: str = node.name
        self.bases = bases
        self.names: dict[str, Any] = {}
        self.dataclass = False
        self.mro_cache: list[Value] | None = None

    def mro(self) -> list[Value]:
        """The class and its bases in Python's order (C3); library bases and unknown ones included."""
        if self.mro_cache is None:
            self.mro_cache = [self]
            lines = [base.mro() if isinstance(base, Class) and base is not self else [base] for base in self.bases]
            self.mro_cache = [self, *_merged([*lines, self.bases])]
        return self.mro_cache

    def find(self, name: str) -> Any:
        """Look a name up along the bases; None if no project class has it."""
        for cls in self.mro():
            if type(cls) is Class and name in cls.names:
                return cls.names[name]
        return None

    def foreign(self) -> list[Value]:
        """The bases that are not project classes."""
        return [cls for cls in self.mro() if type(cls) is not Class]


def _merged(lines: list[list[Value]]) -> list[Value]:
    """Lines of ancestry in one, each in its own order; where they contradict each other, the first has the word."""
    found: list[Value] = []
    lines = [line for line in lines if line]
    while lines:
        heads = [line[0] for line in lines]
        later = {_identity(item) for line in lines for item in line[1:]}
        head = next((one for one in heads if _identity(one) not in later), heads[0])
        found.append(head)
        lines = [rest for line in lines if (rest := [item for item in line if _identity(item) != _identity(head)])]
    return found


def _identity(base: Value) -> object:
    """What makes two bases the same: a library class is named anew in every file."""
    return base.dotted if type(base) is Ext else id(base)


class Args:
    """Evaluated arguments; ``open`` if a star argument of unknown content was among them."""

    __slots__ = ("keywords", "open", "positional")

    def __init__(
        self, positional: list[Value] | None = None, keywords: dict[str, Value] | None = None, open_: bool = False
    ) -> None:
        self.positional: list[Value] = positional if positional is not None else []
        self.keywords: dict[str, Value] = keywords if keywords is not None else {}
        self.open = open_

    def get(self, index: int, name: str) -> Value | None:
        """The argument at a position (-1: keyword only) or under a name; None if it is not given."""
        if name in self.keywords:
            return self.keywords[name]
        return self.positional[index] if 0 <= index < len(self.positional) else None

    def values(self) -> list[Value]:
        """All arguments in order."""
        return [*self.positional, *self.keywords.values()]


Handler = Callable[[Any, Args, Any], Value]  # what a call of a library's function or class does


class Partial(Value):
    """A callable with some arguments already given."""

    __slots__ = ("args", "func")

    def __init__(self, func: Value, args: Args) -> None:
        self.func = func
        self.args = args
