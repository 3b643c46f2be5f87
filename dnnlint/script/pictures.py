"""Pictures that are read from files: arrays of whole numbers, until somebody scales them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import fitting
from dnnlint.script.code import Args, Handler
from dnnlint.script.tables import pictures as table
from dnnlint.script.values import Const, Ext, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

READ = "picture"  # marks what is known to be whole numbers
STORED = "stored"  # marks what may be anything


def _reader(extra: str) -> Handler:
    def make(run: Interpreter, args: Args, node: Any) -> Value:
        return Tensor("pixels", (), run.place(node), False, extra=extra)

    return make


def _keeping(name: str) -> Handler:
    package, _, short = name.rpartition(".")

    def make(run: Interpreter, args: Args, node: Any) -> Value:
        first = args.positional[0] if args.positional else None
        if type(first) is not Tensor:
            return fitting.array(run, args, package)
        return Tensor("cut", (first,), run.place(node), False, name=short, args=args)

    return make


def whole(tensor: Tensor) -> bool:
    """Whether an array is converted to a type of whole numbers: ``x.astype(np.uint16)``."""
    kind = tensor.args.get(1, "dtype") if tensor.name == "astype" and tensor.args is not None else None
    name = kind.dotted if type(kind) is Ext else kind.value if type(kind) is Const else None
    return isinstance(name, str) and name.rpartition(".")[2] in table.WHOLE


def copied(tensor: Tensor) -> bool:
    """Whether a tensor holds the numbers of its input as they are."""
    if tensor.op == "view":
        return True
    return tensor.op == "cut" and (tensor.name in table.ARRAYS or tensor.name in _SHORT)


_SHORT = frozenset(name.rpartition(".")[2] for name in table.KEEPING)
HANDLERS: dict[str, Handler] = {
    **{name: _reader(READ) for name in table.READERS},
    **{name: _reader(STORED) for name in table.MIXED_READERS},
    **{name: _keeping(name) for name in table.KEEPING},
}
