"""The final state of recurrent layers: its first axis counts layers and directions, whatever `batch_first` says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dnnlint.script.tables import words
from dnnlint.script.values import SIZE, Const, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.lengths import Length

STATE = "state"  # marks the final state of a recurrent layer
_PLAIN = frozenset(words("contiguous float to cuda cpu clone detach"))


def is_state(tensor: Tensor) -> bool:
    """Whether a tensor is the state that a recurrent layer returns beside its output."""
    return tensor.op == "view" and tensor.extra == STATE


def scrambles(tensor: Tensor, sizes: Sequence[Value], lengths: Sequence[Length | None]) -> bool:
    """Whether a view of a state by samples mixes them up, as it does with more than one layer or direction."""
    while type(tensor) is Tensor and tensor.name in _PLAIN and tensor.inputs and type(tensor.inputs[0]) is Tensor:
        tensor = tensor.inputs[0]
    inner = tensor.inputs[0] if is_state(tensor) else None
    if type(inner) is not Tensor or inner.layer is None:
        return False
    rows, width = _rows(inner.layer), _number(inner.layer, "hidden_size")
    if rows < 2:
        return False
    first, length, last = sizes[0], lengths[0], sizes[-1]
    if length is not None and length.axes is not None:
        return (length.axes == (1,)) if is_state(length.tensor) else len(length.axes) == 1
    numbers = type(last) is Const and type(last.value) is int and last.value > 0
    if len(sizes) == 2 and numbers and width and last.value % width == 0 and last.value // width > 1:  # type: ignore[attr-defined]
        return True
    return first is SIZE


def _rows(layer: Obj) -> int:
    """How many layers and directions there are, at the least."""
    both = layer.fields["$args"].get("bidirectional")
    directions = 2 if type(both) is Const and both.value is True else 1
    return (_number(layer, "num_layers") or 1) * directions


def _number(layer: Obj, name: str) -> int | None:
    value = layer.fields["$args"].get(name)
    return value.value if type(value) is Const and type(value.value) is int else None
