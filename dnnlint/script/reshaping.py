"""What changes of shape make of a shape: squeeze, view, transpose and their kin."""

from __future__ import annotations

from collections.abc import Sequence

from dnnlint.evidence.script import Extent
from dnnlint.script import objects
from dnnlint.script.values import WHOLE, Const, Tensor, Value

UNKNOWN = Extent()
SCALAR = Extent((), False)


def sizes(values: Sequence[Value]) -> Extent:
    """The shape that sizes give: numbers one by one, or one tuple of them."""
    if len(values) == 1 and type(values[0]) is not Const:
        known = objects.known_items(values[0])
        if known is None:
            return UNKNOWN
        values = known
    elif len(values) == 1 and values[0].value is ... and values[0] is not WHOLE:  # type: ignore[attr-defined]
        return UNKNOWN  # torch.rand(x.size())
    return Extent(tuple([_size(value) for value in values]), False)


def _size(value: Value) -> int | None:
    return value.value if type(value) is Const and type(value.value) is int and value.value >= 0 else None


def axis(extent: Extent, dim: int, more: int = 0) -> int | None:
    """The position of an axis in ``axes``; None if it cannot be told."""
    count = len(extent.axes)
    if dim < 0:
        position = count + more + dim
        return position if position >= 0 else None
    return dim if not extent.open and dim < count + more else None


def integer(tensor: Tensor, position: int, name: str) -> int | None:
    """An argument that is a known whole number."""
    value = tensor.args.get(position, name) if tensor.args is not None else None
    return value.value if type(value) is Const and type(value.value) is int else None


def squeeze(tensor: Tensor, inner: Extent) -> Extent:
    """``x.squeeze()``, ``x.squeeze(dim)``."""
    if tensor.args is None or len(tensor.args.values()) < 2:
        whole = not inner.open and None not in inner.axes[1:]
        return Extent(tuple([axis for axis in inner.axes if axis != 1]), False) if whole else UNKNOWN
    dim = integer(tensor, 1, "dim")
    position = axis(inner, dim) if dim is not None else None
    if position is None or inner.axes[position] is None:
        return UNKNOWN
    if inner.axes[position] != 1:
        return inner
    return Extent((*inner.axes[:position], *inner.axes[position + 1 :]), inner.open)


def unsqueeze(tensor: Tensor, inner: Extent) -> Extent:
    """``x.unsqueeze(dim)``."""
    dim = integer(tensor, 1, "dim")
    position = axis(inner, dim, 1) if dim is not None else None
    if position is None:
        return UNKNOWN
    return Extent((*inner.axes[:position], 1, *inner.axes[position:]), inner.open)


def view(tensor: Tensor, inner: Extent) -> Extent:
    """``x.view(...)``, ``x.reshape(...)``."""
    if tensor.args is None or tensor.args.open or len(tensor.args.positional) < 2:
        return UNKNOWN
    made = sizes(tensor.args.positional[1:])
    if made.axes == (None,):  # view(-1), or view(shape) that is not known
        value = tensor.args.positional[1]
        items = objects.known_items(value)
        value = items[0] if items else value
        return made if type(value) is Const and value.value == -1 else UNKNOWN
    return made


def flatten(tensor: Tensor, inner: Extent) -> Extent:
    """``x.flatten(start)``."""
    if tensor.args is None or len(tensor.args.values()) < 2:
        return Extent((None,), False)
    start = integer(tensor, 1, "start_dim")
    if start == 1 and tensor.args.get(2, "end_dim") is None:
        return flat(inner)
    return UNKNOWN


def flat(inner: Extent) -> Extent:
    """Everything but the first axis in one."""
    if not inner.open and len(inner.axes) < 3:
        return inner
    return Extent((None if inner.open else inner.axes[0], None), False)


def turned(tensor: Tensor, inner: Extent) -> Extent:
    """``x.t()``, ``x.permute(...)``, ``x.transpose(a, b)``."""
    if inner.open:
        return UNKNOWN
    axes = list(inner.axes)
    if tensor.name in ("T", "t") and len(axes) == 2:
        return Extent((axes[1], axes[0]), False)
    if tensor.name == "permute":
        order = sizes(tensor.args.positional[1:]).axes if tensor.args is not None else ()
        if sorted(axis for axis in order if axis is not None) == list(range(len(axes))):
            return Extent(tuple([axes[axis] for axis in order if axis is not None]), False)
        return Extent((None,) * len(axes), False)
    one, other = integer(tensor, 1, "dim0"), integer(tensor, 2, "dim1")
    if one is None or other is None or max(one, other) >= len(axes):
        return Extent((None,) * len(axes), False)
    axes[one], axes[other] = axes[other], axes[one]
    return Extent(tuple(axes), False)


def part(tensor: Tensor, inner: Extent) -> Extent:
    """``x[a:b]``."""
    return UNKNOWN if inner.open or not inner.axes else Extent((None, *inner.axes[1:]), False)


def one_hot(tensor: Tensor, inner: Extent) -> Extent:
    """``one_hot(x, classes)``."""
    return Extent((*inner.axes, integer(tensor, 1, "num_classes")), inner.open)


def reduced(tensor: Tensor, inner: Extent) -> Extent:
    """A sum, mean, maximum ... along one axis or over all."""
    if tensor.args is None:
        return UNKNOWN
    position, name = (2, "dim") if tensor.op == "norm" else (1, "dim")
    dim = tensor.args.get(position, name) or tensor.args.keywords.get("axis")
    if dim is None:
        return UNKNOWN if tensor.args.open else SCALAR
    keep = tensor.args.get(position + 1, "keepdim")
    kept = keep is not None and not (type(keep) is Const and keep.value is False)
    if not (type(dim) is Const and type(dim.value) is int):
        return UNKNOWN
    place = axis(inner, dim.value)
    if place is None or (kept and not (type(keep) is Const and keep.value is True)):
        return UNKNOWN
    return Extent((*inner.axes[:place], *((1,) if kept else ()), *inner.axes[place + 1 :]), inner.open)
