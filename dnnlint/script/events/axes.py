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
    "requires_grad_", "numpy",
})  # fmt: skip
_ELEMENTWISE = frozenset({"softmax", "log_softmax", "sigmoid", "exp", "log", "tanh", "relu"})
_ADDING = frozenset({"unsqueeze", "[]"})  # one sample is made a batch, or taken out of one
_DEEPEST = 12


class Chosen(NamedTuple):
    """Indices that were chosen over an axis that is not that of the classes."""

    place: Place
    name: str
    axis: int | None
    batch: bool  # the scores are those of a batch for certain


def chosen(run: Interpreter, scores: Value, result: Value, name: str, args: Args, node: Any, position: int = 0) -> None:
    """``scores.argmax(...)``, ``scores.max(...)`` with indices or ``scores.topk(...)`` was called."""
    given = args.positional[position] if len(args.positional) > position else None
    axis = args.keywords.get("dim") or args.keywords.get("axis") or given
    known = axis.value if type(axis) is Const else ...
    if args.open or not (axis is None or (type(known) is int and known == 0)) or (axis is None and name != "argmax"):
        return
    batch = _of_a_batch(run, scores)
    if batch is not False:
        found = Chosen(run.place(node), name, None if axis is None else 0, batch is True)
        run.record.chosen[id(result)] = found
        run.record.alive.append(result)


def compared(run: Interpreter, left: Value, right: Value, result: Value) -> None:
    """Two values were compared: labels with a choice over the wrong axis?"""
    if not run.record.chosen:
        return
    for one, other in ((left, right), (right, left)):
        found = _choice(run, one)
        if found is not None and found.batch and _label(other):
            run.record.state(WrongAxis(found.place, found.name, found.axis))
        elif found is not None and not (type(other) is Const and other.value is not ...):
            run.record.agreeing[id(result)] = found
            run.record.alive.append(result)


def reduced(run: Interpreter, name: str, value: Value) -> None:
    """A mean of comparisons, or their sum: there were several, so several labels."""
    for _ in range(_DEEPEST):
        found = run.record.agreeing.get(id(value))
        if found is not None:
            if name == "mean" or found.axis == 0:
                run.record.state(WrongAxis(found.place, found.name, found.axis))
            return
        if type(value) is not Tensor or value.op not in ("view", "cut") or not value.inputs:
            return
        value = value.inputs[0]


def measured(run: Interpreter, values: list[Value]) -> None:
    """A metric of a library is given predictions and labels."""
    if len(values) >= 2:
        for one, other in (values[:2], values[1::-1]):
            found = _choice(run, one)
            if found is not None and _label(other) and (found.batch or found.axis == 0):
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


def _of_a_batch(run: Interpreter, scores: Value) -> bool | None:
    """Whether scores come from a network that was called on a batch of several samples, axes as they were.

    None: they come from a network, and how many samples it was called on is not known.
    """
    for _ in range(_DEEPEST):
        if type(scores) is not Tensor:
            return False
        if scores.call is not None and scores.op in ("output", "module"):
            found = [_batch(run, value) for value in scores.call.args]
            return True if True in found else False if False in found else None
        same = scores.op in _ELEMENTWISE or (scores.op == "view" and scores.extra is KEPT) or _detached(scores)
        if not same or not scores.inputs:
            return False
        scores = scores.inputs[0]
    return False


def _detached(scores: Tensor) -> bool:
    """``scores.detach()`` or ``scores.data``, and nothing that compares or chooses."""
    return scores.op == "cut" and scores.extra is KEPT


def _batch(run: Interpreter, value: Value) -> bool | None:
    """Whether a value is a batch as its loader made it, and holds more than one sample as far as is known.

    None: it may be something else.
    """
    for _ in range(_DEEPEST):
        if type(value) is Obj and value.kind == "loader":
            return data.Order(run, value).batch_size != 1
        if type(value) is Obj and value.kind == "opaque":
            return True if value.sources and "load" in getattr(value.sources[0], "name", "") else None
        if type(value) is not Tensor or not value.inputs:
            return None
        if value.op == "view" and value.name in _ADDING:
            return False
        if not (value.op == "batch" or value.extra is KEPT):
            return None
        value = value.inputs[0]
    return None
