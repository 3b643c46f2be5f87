"""What a name can stand for while a program is run abstractly.

Everything that is not one of the known kinds is an opaque object: it has an identity (its attributes stay the
same object each time they are read) but nothing is claimed about it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Mode

NOWHERE = Place("", -1)


class Value:
    """Base of all abstract values."""

    __slots__ = ()


class Const(Value):
    """A Python constant; ``soft`` if a user can change it from outside (an option's default)."""

    __slots__ = ("soft", "value")

    def __init__(self, value: Any, soft: bool = False) -> None:
        self.value = value
        self.soft = soft


class Ext(Value):
    """A module, class or function of a library, by its dotted name."""

    __slots__ = ("dotted",)

    def __init__(self, dotted: str) -> None:
        self.dotted = dotted


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
        self.kind = "function"  # "function" | "property" | "static" | "class"
        self.grad: bool | None = None  # set by a decorator
        self.options: dict[str, Value] = {}  # click options: defaults of parameters


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


class Partial(Value):
    """A callable with some arguments already given."""

    __slots__ = ("args", "func")

    def __init__(self, func: Value, args: Args) -> None:
        self.func = func
        self.args = args


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
        """The class and its bases, depth first; library bases and unknown ones included."""
        if self.mro_cache is None:
            self.mro_cache = [self]
            seen: list[Value] = [self]
            for base in self.bases:
                for item in base.mro() if isinstance(base, Class) and base is not self else [base]:
                    if item not in seen:
                        seen.append(item)
            self.mro_cache = seen
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


class Obj(Value):
    """An object with identity. ``fields`` hold its attributes; names with ``$`` are the analysis' own."""

    __slots__ = ("at", "cls", "fields", "kind", "name", "sources")

    def __init__(
        self, kind: str, cls: Any = None, at: Place = NOWHERE, name: str = "", sources: tuple[Value, ...] = ()
    ) -> None:
        self.kind = kind
        self.cls = cls  # Class, or the dotted name of a library class, or None
        self.at = at
        self.name = name
        self.sources = sources
        self.fields: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name or getattr(self.cls, 'name', self.cls)}>"


class Tensor(Value):
    """One node of the data flow: an operation on inputs. ``attached`` tells whether it carries a graph."""

    __slots__ = ("at", "attached", "call", "extra", "inputs", "layer", "op")

    def __init__(
        self,
        op: str,
        inputs: tuple[Value, ...] = (),
        at: Place = NOWHERE,
        attached: bool | None = None,
        layer: Obj | None = None,
        call: NetworkCall | None = None,
        extra: Any = None,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.at = at
        self.attached = attached
        self.layer = layer
        self.call = call
        self.extra = extra

    def __repr__(self) -> str:
        return f"<tensor {self.op}>"


class Tuple(Value):
    """A tuple of known length."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Value, ...]) -> None:
        self.items = items


class Union(Value):
    """One of a few values, depending on the path."""

    __slots__ = ("options",)

    def __init__(self, options: tuple[Value, ...]) -> None:
        self.options = options


class Iteration(Value):
    """Something that yields: either known items, or one abstract item many times."""

    __slots__ = ("item", "items", "source", "wrapped")

    def __init__(self, items: list[Value] | None, item: Value | None, source: Value | None) -> None:
        self.items = items
        self.item = item
        self.source = source  # the loader or other object behind it
        self.wrapped = ""


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


class NetworkCall:
    """A network applied to data from outside any network."""

    __slots__ = (
        "args", "clock", "functions", "grad", "left", "loops", "modes", "names", "network", "place", "trained",
    )  # fmt: skip

    def __init__(self, network: Obj, place: Place, modes: frozenset[tuple[Mode, Place | None, int]]) -> None:
        self.network = network
        self.place = place
        self.modes = modes
        self.grad: bool | None = None
        self.loops: tuple[Any, ...] = ()
        self.functions: tuple[str, ...] = ()
        self.names: tuple[str, ...] = ()
        self.args: tuple[Value, ...] = ()
        self.clock = 0
        self.left: Place | None = None  # an eval() of an earlier iteration that can still be in force
        self.trained = False


MISSING: Any = object()
NEVER = Const(...)  # the value of a call that does not return
_MOST_OPTIONS = 8


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives a value stands for."""
    return value.options if type(value) is Union else (value,)


def join(values: list[Any]) -> Any:
    """What is known when control flow merges: the common value, a few alternatives, or nothing."""
    first = values[0]
    for value in values:
        if value is not first:
            break
    else:
        return first
    present = [value for value in values if value is not MISSING]
    if not present:
        return MISSING
    if isinstance(present[0], frozenset):
        return frozenset().union(*[value for value in present if isinstance(value, frozenset)])
    if not isinstance(present[0], Value):
        return _join_plain(present)
    flat: list[Value] = []
    for value in present:
        for option in options(value) if isinstance(value, Value) else ():
            if not any(same(option, other) for other in flat):
                flat.append(option)
    if len(flat) == 1:
        return flat[0]
    if all(type(option) is Const and type(option.value) in (int, float) for option in flat):
        return Obj("opaque")
    if len(flat) > _MOST_OPTIONS:
        return Obj("opaque", sources=tuple(flat[:8]))
    return Union(tuple(flat))


def _join_plain(values: list[Any]) -> Any:
    """The join of the analysis' own records: members of containers, flags, places."""
    first = values[0]
    if type(first) is tuple and all(type(value) is tuple for value in values):
        longest: tuple[Any, ...] = max(values, key=len)
        columns = [[value[index] for value in values if index < len(value)] for index in range(len(longest))]
        return tuple([join(column) for column in columns])
    if type(first) is dict and all(type(value) is dict for value in values):
        keys = dict.fromkeys(key for value in values for key in value)
        return {key: join([value[key] for value in values if key in value]) for key in keys}
    if type(first) is bool:
        return any(values)
    if type(first) is Place:
        return first
    return first if all(value == first for value in values) else None


def same(a: Value, b: Value) -> bool:
    """Whether two values are certainly the same."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if type(a) is Const and type(b) is Const:
        return type(a.value) is type(b.value) and bool(a.value == b.value)
    if type(a) is Ext and type(b) is Ext:
        return a.dotted == b.dotted
    if type(a) is Tensor and type(b) is Tensor:
        if a.op != b.op or a.at != b.at or a.call is not b.call or a.layer is not b.layer:
            return False
        return len(a.inputs) == len(b.inputs) and all(x is y for x, y in zip(a.inputs, b.inputs, strict=True))
    if type(a) is Tuple and type(b) is Tuple:
        return len(a.items) == len(b.items) and all(same(x, y) for x, y in zip(a.items, b.items, strict=True))
    return False
