"""Classes chosen over the wrong axis: the largest of all scores, or the largest of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import WrongAxis
from dnnlint.script import data
from dnnlint.script.code import Args
from dnnlint.script.values import Const, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

KEPT = ("kept",)  # marks views with the axes of what they view
KEEPING = frozenset({
    "cpu", "cuda", "to", "detach", "data", "float", "double", "half", "clone", "contiguous", "type", "type_as",
    "requires_grad_",
})  # fmt: skip
_ELEMENTWISE = frozenset({"softmax", "log_softmax", "sigmoid", "exp", "log", "tanh", "relu"})
_DEEPEST = 12


class Chosen(NamedTuple):
    """Indices that were chosen over an axis that is not that of the classes."""

    place: Place
    name: str
    axis: int | None


def chosen(run: Interpreter, scores: Value, result: Value, name: str, args: Args, node: Any) -> None:
    """``scores.argmax(...)`` or ``scores.max(...)`` with indices was called."""
    axis = args.keywords.get("dim") or args.keywords.get("axis") or (args.positional[0] if args.positional else None)
    known = axis.value if type(axis) is Const else ...
    if args.open or not (axis is None or (type(known) is int and known == 0)) or (axis is None and name != "argmax"):
        return
    if _of_a_batch(run, scores):
        run.record.chosen[id(result)] = Chosen(run.place(node), name, None if axis is None else 0)
        run.record.alive.append(result)


def compared(run: Interpreter, left: Value, right: Value) -> None:
    """Two values were compared: labels with a choice over the wrong axis?"""
    for one, other in ((left, right), (right, left)):
        found = _choice(run, one)
        if found is not None and _label(other):
            run.record.state(WrongAxis(found.place, found.name, found.axis))


def _choice(run: Interpreter, value: Value) -> Chosen | None:
    for _ in range(_DEEPEST):
        found = run.record.chosen.get(id(value))
        if found is not None:
            return found
        if type(value) is not Tensor or value.op not in ("view", "cut") or len(value.inputs) != 1:
            return None
        value = value.inputs[0]
    return None


def _label(value: Value) -> bool:
    """Whether a value is a part of a batch, or a view of one."""
    for _ in range(_DEEPEST):
        if type(value) is Tensor and value.op == "batch":
            return True
        if type(value) is Obj and value.kind == "opaque":
            return bool(value.sources)
        if type(value) is not Tensor or value.op not in ("view", "cut") or not value.inputs:
            return False
        value = value.inputs[0]
    return False


def _of_a_batch(run: Interpreter, scores: Value) -> bool:
    """Whether scores come from a network that was called on a batch of several samples, axes as they were."""
    for _ in range(_DEEPEST):
        if type(scores) is not Tensor:
            return False
        if scores.call is not None and scores.op in ("output", "module"):
            return any(_batch(run, value) for value in scores.call.args)
        same = scores.op in _ELEMENTWISE or (scores.op == "view" and scores.extra is KEPT) or _detached(scores)
        if not same or not scores.inputs:
            return False
        scores = scores.inputs[0]
    return False


def _detached(scores: Tensor) -> bool:
    """``scores.detach()`` or ``scores.data``, and nothing that compares or chooses."""
    return scores.op == "cut" and scores.extra is KEPT


def _batch(run: Interpreter, value: Value) -> bool:
    """Whether a value is a batch as its loader made it, and holds more than one sample as far as is known."""
    for _ in range(_DEEPEST):
        if type(value) is Obj and value.kind == "loader":
            return data.Order(run, value).batch_size != 1
        if type(value) is Obj and value.kind == "opaque":
            return bool(value.sources) and "load" in getattr(value.sources[0], "name", "")
        if type(value) is not Tensor or not value.inputs or not (value.op == "batch" or value.extra is KEPT):
            return False
        value = value.inputs[0]
    return False
