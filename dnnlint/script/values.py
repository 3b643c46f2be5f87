"""What a name can stand for while a program is run abstractly.

Everything that is not one of the known kinds is an opaque object: it has an identity (its attributes stay the
same object each time they are read) but nothing is claimed about it.
"""

from __future__ import annotations

from typing import Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Mode

NOWHERE = Place("", -1)


class Value:
    """Base of all abstract values."""

    __slots__ = ()


class Const(Value):
    """A Python constant; ``soft`` if a user can change it from outside (an option's default)."""

    __slots__ = ("at", "soft", "value")
    at: tuple[str, int]  # of a number: the file and syntax node where it is written

    def __init__(self, value: Any, soft: bool = False) -> None:
        self.value = value
        self.soft = soft

    def softened(self) -> Const:
        """The same constant as the default of an option."""
        made = Const(self.value, True)
        if hasattr(self, "at"):
            made.at = self.at
        return made


class Ext(Value):
    """A module, class or function of a library, by its dotted name."""

    __slots__ = ("dotted",)

    def __init__(self, dotted: str) -> None:
        self.dotted = dotted


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
    """One node of the data flow: an operation on inputs. ``attached`` tells whether it carries a graph.

    ``name`` is the function, method or operator that made it, and ``args`` what that was given, a receiver first.
    """

    __slots__ = ("args", "at", "attached", "call", "extra", "inputs", "layer", "name", "op")

    def __init__(
        self,
        op: str,
        inputs: tuple[Value, ...] = (),
        at: Place = NOWHERE,
        attached: bool | None = None,
        layer: Obj | None = None,
        call: NetworkCall | None = None,
        extra: Any = None,
        name: str = "",
        args: Any = None,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.at = at
        self.attached = attached
        self.layer = layer
        self.call = call
        self.extra = extra
        self.name = name
        self.args = args

    def __repr__(self) -> str:
        return f"<tensor {self.op}>"


class NetworkCall:
    """A network applied to data from outside any network."""

    __slots__ = (
        "args", "carried", "clock", "device", "differentiated", "functions", "grad", "left", "loops", "modes", "names",
        "network", "off", "part", "place", "trained",
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
        self.off: Place | None = None  # what had switched gradients off, if they were off
        self.trained = False
        self.device: frozenset[str] | None = None  # where the network lies, if that is known
        self.carried: NetworkCall | None = None  # an earlier call whose state, left in an attribute, it took
        self.part = False  # a part of a network, called by a method of the whole
        self.differentiated = False  # gradients of its output were asked for, without a backward pass


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

    __slots__ = ("count", "item", "items", "source", "span", "wrapped")

    def __init__(self, items: list[Value] | None, item: Value | None, source: Value | None) -> None:
        self.items = items
        self.item = item
        self.source = source  # the loader or other object behind it
        self.wrapped = ""
        self.count: Value | None = None  # how often it yields, where that is a value of the program
        self.span: tuple[int, int] | None = None  # of a range of whole numbers, one by one


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives a value stands for."""
    return value.options if type(value) is Union else (value,)


ZEROS = ("count", 0.0)  # what a tensor of nothing but zeros is marked with
HOT = ("hot", 1.0)  # ... and one of zeros in which the place of a class was set to one
SIZE = Const(...)  # the size of a tensor along some axis, such as the number of samples in a batch
TOTAL = Const(...)  # such sizes, summed up over batches
WHOLE = Const(...)  # what int() gives
REAL = Const(...)  # what float() gives
CHOICE = Const(...)  # the place of something in a list of all there are
TALLY = Const(...)  # how often something was counted, one by one
NEVER = Const(...)  # the value of a call that does not return
