"""Losses that are written by hand: the mean of a squared or absolute difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import flow
from dnnlint.script.code import Args
from dnnlint.script.facts import loss_calls, numerics
from dnnlint.script.tables.losses import LOSSES
from dnnlint.script.values import Const, Tensor, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

REDUCTIONS = frozenset({"mean", "sum"})


def reduced(run: Interpreter, made: Tensor, node: Any) -> None:
    """A tensor was averaged or summed: a regression loss, if it is the distance of a prediction from a target."""
    found = _loss(made) if run.flags["grad"] is not False else None
    if found is None:
        numerics.differences(run, made)
    else:
        kind, prediction, target = found
        loss_calls.state(run, LOSSES[kind], Args([prediction, target]), node, None, False)


def _loss(made: Tensor) -> tuple[str, Value, Value] | None:
    """The kind of a loss, the prediction and the target."""
    distance = _inner(made.inputs[0]) if made.inputs else made
    kind = _kind(distance)
    if kind is None or type(distance) is not Tensor:
        return None
    difference = _inner(distance.inputs[0])
    sides = _operands(difference) if type(difference) is Tensor and difference.op == "sub" else []
    learning = [side for side in sides if _predicts(side)]
    still = [side for side in sides if flow.carries(side) is False or not flow.tensorial(side)]
    if len(sides) != 2 or len(learning) != 1 or len(still) != 1 or type(still[0]) is Const:
        return None
    return kind, learning[0], still[0]


def _inner(value: Value) -> Value:
    """A tensor, its changes of shape aside."""
    while type(value) is Tensor and value.op == "view" and value.inputs:
        value = value.inputs[0]
    return value


def _kind(distance: Value) -> str | None:
    if type(distance) is not Tensor or not distance.inputs:
        return None
    if distance.op == "abs":
        return "L1Loss"
    if distance.op == "square":
        return "MSELoss"
    parts = _operands(distance)
    if len(parts) != 2:
        return None
    twice = type(parts[1]) is Const and parts[1].value == 2
    return "MSELoss" if (distance.op == "pow" and twice) or (distance.op == "mul" and parts[0] is parts[1]) else None


def _operands(tensor: Tensor) -> list[Value]:
    """What an operator, a method or a function of two values was applied to."""
    return list(tensor.args.positional) if tensor.args is not None else list(tensor.extra or ())


def _predicts(side: Value) -> bool:
    """Whether a value is what a network puts out, on all paths."""
    found = [_inner(option) for option in options(side)]
    return bool(found) and all(_put_out(one) for one in found)


def _put_out(value: Value) -> bool:
    return type(value) is Tensor and value.call is not None and flow.carries(value) is True
