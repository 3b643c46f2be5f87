"""Whether somewhere between a prediction and its target a column of numbers meets a row of them."""

from __future__ import annotations

from dnnlint.script import extents, reshaping
from dnnlint.script.tables import words
from dnnlint.script.values import Const, Tensor, Value

_MOST_PARTS = 40
_KEPT = frozenset(
    words("to float double half type type_as cpu cuda detach data clone contiguous requires_grad_ Variable neg -")
)
_ARITHMETIC = frozenset({"+", "-", "*", "/"})
_FUNCTIONS = frozenset(words("add sub mul div subtract multiply where clamp clip maximum minimum"))
_ROW, _COLUMN = "row", "column"


def meet(prediction: Value, target: Value) -> bool:
    """Whether every element of a column is put beside every element of a row."""
    mixed = _forms(target)
    given = _forms(prediction)
    return len(mixed) == 2 or len(given | mixed) == 2


def _forms(value: Value) -> set[str]:
    """What the parts are that a value is worked out from element by element: rows, columns."""
    found: set[str] = set()
    stack: list[Value] = [value]
    for one in stack:
        if len(stack) > _MOST_PARTS:
            return set()
        if type(one) is not Tensor:
            continue
        if one.op == "output" and one.inputs:  # what a network makes of its own is not looked into
            found |= _form(one)
        elif one.name in _ARITHMETIC and type(one.extra) is tuple:
            stack.extend(one.extra)
        elif one.name in _KEPT:
            stack.extend(one.inputs[:1])
        elif one.name in _FUNCTIONS and one.args is not None:
            stack.extend(one.args.positional)
        else:
            found |= _form(one)
    return found


def _form(tensor: Tensor) -> set[str]:
    shape = extents.of(tensor)
    if shape.axes[-1:] == (1,):
        return {_COLUMN} if shape.rank == 2 else set()
    if shape.rank == 1:
        return {_ROW}
    if tensor.name == "[]" and tensor.inputs and _index(tensor) == 0:
        inner = tensor.inputs[0]
        return _form(inner) if type(inner) is Tensor and inner.name in ("max", "min") else set()
    if tensor.name in ("max", "min", "amax", "amin") and tensor.args is not None and shape.open:
        return {_ROW} if _best(tensor) else set()
    return {_COLUMN} if tensor.name == "gather" and _dim(tensor) == 1 else set()


def _index(tensor: Tensor) -> object:
    index = tensor.args.positional[1] if tensor.args is not None and len(tensor.args.positional) > 1 else None
    return index.value if type(index) is Const else None


def _dim(tensor: Tensor) -> int | None:
    return reshaping.integer(tensor, 1, "dim")


def _best(tensor: Tensor) -> bool:
    """``net(states).max(1)``: the best of the scores that the last layer gives to each sample."""
    inner = tensor.inputs[0] if tensor.inputs else None
    scores = extents.of(inner) if inner is not None else reshaping.UNKNOWN
    one_axis = scores.open and len(scores.axes) == 1 and scores.axes != (1,)
    keeps = tensor.args.get(2, "keepdim")
    return one_axis and _dim(tensor) in (1, -1) and keeps is None
