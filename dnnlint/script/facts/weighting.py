"""Axes of a softmax: along a batch of products, beside the classes, or not those over which its shares are summed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import StraySoftmax
from dnnlint.script import parameters, ranks
from dnnlint.script.tables import words
from dnnlint.script.values import Const, Tensor, Tuple, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_FARTHEST = 12
_SCALED = frozenset({"mul", "div", "masked_fill", "where", "dropout", "clamp", "tanh", "leaky_relu", "relu"})
_PLAIN = frozenset(words("contiguous float half double to type type_as cuda cpu clone bfloat16 detach masked_fill"))
_SWAPS = frozenset({"transpose", "swapaxes", "swapdims", "t", "T", "mT", "permute"})
_PAIR = 2  # the scores of one layer for where a span starts and ends


class Axis(NamedTuple):
    """An axis, counted from the front and from the back, as far as either is known."""

    front: int | None
    back: int | None


def look(run: Interpreter, tensor: Tensor, dim: int | None) -> None:
    """A softmax was taken along a known axis."""
    if dim is None or dim == -1 or not tensor.inputs:
        return
    rank = ranks.of(run, tensor.inputs[0])
    axis = dim if dim >= 0 else rank.exact + dim if rank.exact is not None else None
    last = rank.exact is not None and axis == rank.exact - 1
    if last:
        return
    place = _place(tensor)
    surely = dim < -1 or (axis is not None and axis < rank.least - 1)
    if axis == 0 and rank.least > 1 and _batch_first(run, tensor.inputs[0]):
        run.record.state(StraySoftmax(place, tensor.op, "batch"))
    elif surely and tensor.op == "log_softmax" and _beside_classes(tensor.inputs[0], axis):
        run.record.state(StraySoftmax(place, tensor.op, "beside"))
    elif tensor.op == "softmax" and _is_score(tensor.inputs[0]):
        back = dim if dim < 0 else None if rank.exact is None else dim - rank.exact
        run.record.shares[id(tensor)] = (tensor, Axis(axis, back), surely)


def _place(softmax: Tensor) -> Place:
    return softmax.layer.at if softmax.layer is not None else softmax.at


def _batch_first(run: Interpreter, value: Value) -> bool:
    """Whether the first axis holds samples that have nothing to do with each other."""
    for _ in range(_FARTHEST):
        if type(value) is Union:
            known = [option for option in value.options if type(option) is Tensor]
            value = known[-1] if known else value
        if type(value) is not Tensor:
            return False
        if value.op == "matmul":
            return value.name in ("bmm", "baddbmm") or (_scores(value) and ranks.of(run, value).least > _PAIR)
        if value.op == "recurrent" and value.layer is not None:
            first = value.layer.fields["$args"].get("batch_first")
            return type(first) is Const and first.value is True
        if not value.inputs or not _keeps_first(value):
            return False
        value = value.inputs[0]
    return False


def _keeps_first(tensor: Tensor) -> bool:
    if tensor.op in _SCALED or tensor.op == "linear" or tensor.op in vocabulary.NORMALISATIONS | vocabulary.ACTIVATIONS:
        return True
    if tensor.op in ("add", "sub"):
        return not any(type(value) is Tensor and value.attached for value in tensor.inputs[1:])
    if tensor.name in ("squeeze", "unsqueeze"):
        return (ranks.integer(tensor) or 0) > 0 or (tensor.name == "squeeze" and ranks.integer(tensor) == -1)
    if tensor.name in _SWAPS and tensor.args is not None:
        moved = [value.value for value in tensor.args.positional[1:] if type(value) is Const]
        whole = [number for number in moved if type(number) is int]
        return len(whole) > 1 and (whole[0] == 0 if tensor.name == "permute" else min(whole) > 0)
    return tensor.name in _PLAIN


def _scores(product: Tensor) -> bool:
    """Whether a product is one of queries and keys: of two tensors that data flows through, one of them turned."""
    operands = ranks.factors(product)
    if len(operands) != _PAIR or not all(type(value) is Tensor and value.op != "parameter" for value in operands):
        return False
    return product.name == "einsum" or any(type(value) is Tensor and value.name in _SWAPS for value in operands)


def _beside_classes(value: Value, axis: int | None) -> bool:
    """Whether a value holds scores of classes along another axis than this one."""
    if type(value) is not Tensor or value.layer is None:
        return False
    units = parameters.units(value.layer)
    if value.op == "linear":
        return units is None or units > _PAIR or (axis == 0 and units == _PAIR)
    return value.op == "conv" and axis == 0


def _is_score(value: Value) -> bool:
    """Whether a value is made of products of queries and keys, or of one number each from a linear layer."""
    for _ in range(_FARTHEST):
        if type(value) is Union:
            value = next((option for option in value.options if type(option) is Tensor), value)
        if type(value) is not Tensor:
            return False
        if value.op == "matmul":
            return _scores(value)
        if value.op == "linear" and value.layer is not None:
            return parameters.units(value.layer) == 1
        through = value.op in _SCALED or value.op in ("add", "sub") or value.name in _PLAIN | {"squeeze"}
        if not through or not value.inputs:
            return False
        value = value.inputs[0]
    return False


# where the shares are summed


def multiplied(run: Interpreter, product: Tensor) -> None:
    """A matrix product, of which one side may be shares: it sums over their last axis, or over the last but one."""
    operands = ranks.factors(product)
    found = [_share(run, value) for value in operands]
    index = next((index for index, one in enumerate(found) if one is not None), 0)
    share = found[index] if found else None
    if share is None or any(_shares(value) for value in (*operands[:index], *operands[index + 1 :])):
        return
    softmax, axis, surely = share
    if product.name == "einsum":
        equation = ranks.summation(product)
        if equation is None or axis.front is None or len(equation[0]) != len(operands):
            return
        mine, rest = equation[0][index], equation[1]
        astray = axis.front < len(mine) and mine[axis.front] in rest and any(letter not in rest for letter in mine)
    elif index == 0:
        astray = (axis.back is not None and axis.back != -1) or (axis.back is None and surely)
    else:
        astray = axis.back is not None and axis.back != -_PAIR
    if astray:
        run.record.state(StraySoftmax(_place(softmax), softmax.op, "summed", product.at))


def summed(run: Interpreter, tensor: Tensor) -> None:
    """``(shares * x).sum(dim)``."""
    product = tensor.inputs[0] if tensor.inputs else None
    dim = ranks.integer(tensor)
    if type(product) is not Tensor or product.op != "mul" or dim is None:
        return
    operands = product.extra if product.name == "*" and isinstance(product.extra, tuple) else product.inputs
    found = [one for one in (_share(run, value) for value in operands) if one is not None]
    if len(found) == 1:
        softmax, axis, _ = found[0]
        known = axis.front if dim >= 0 else axis.back
        if known is not None and known != dim:
            run.record.state(StraySoftmax(_place(softmax), softmax.op, "summed", tensor.at))


def _shares(value: Value) -> bool:
    """Whether a value is shares, too: of two attentions, one is on the way to the other's axis."""
    while type(value) is Tensor and value.op != "softmax" and value.inputs:
        if value.op != "dropout" and value.name not in _PLAIN | _SWAPS:
            return False
        value = value.inputs[0]
    return type(value) is Tensor and value.op == "softmax"


def _share(run: Interpreter, value: Value) -> tuple[Tensor, Axis, bool] | None:
    """The softmax that a value is, and where its axis is by now."""
    steps: list[Tensor] = []
    for _ in range(_FARTHEST):
        if type(value) is not Tensor:
            return None
        known = run.record.shares.get(id(value))
        if known is not None:
            softmax, axis, surely = known
            for step in reversed(steps):
                moved = _moved(step, axis)
                surely = surely and moved is axis
                axis = moved
            return softmax, axis, surely
        if not value.inputs:
            return None
        steps.append(value)
        value = value.inputs[0]
    return None


def _moved(step: Tensor, axis: Axis) -> Axis:
    """Where an axis is after a step."""
    if step.op == "dropout" or step.name in _PLAIN:
        return axis
    dim = ranks.integer(step)
    if step.name == "unsqueeze" and dim is not None:
        return _inserted(axis, dim)
    if step.name == "[]" and step.args is not None and type(step.args.positional[1]) is Tuple:
        return _inserted(axis, -1) if _trailing(step.args.positional[1]) else Axis(None, None)
    if step.name == "squeeze" and dim is not None:
        if dim >= 0 and axis.front is not None and dim != axis.front:
            return Axis(axis.front - (dim < axis.front), axis.back if dim < axis.front else None)
        return Axis(axis.front, axis.back + 1 if axis.back is not None else None) if dim == -1 else Axis(None, None)
    return _turned(step, axis) if step.name in _SWAPS else Axis(None, None)


def _trailing(index: Tuple) -> bool:
    """``[..., None]``, ``[:, :, None]``."""
    *others, last = index.items
    return (
        type(last) is Const
        and last.value is None
        and not any(type(one) is Const and one.value is None for one in others)
        and all(type(one) is not Const or one.value is ... for one in others)
    )


def _inserted(axis: Axis, dim: int) -> Axis:
    front, back = axis
    if dim >= 0:
        before = front is not None and dim <= front
        return Axis(
            None if front is None else front + before,
            back if before else None if back is None or front is None else back - 1,
        )
    return Axis(
        front if dim == -1 or (back is not None and back <= dim) else None,
        None if back is None else back - (back <= dim),
    )


def _turned(step: Tensor, axis: Axis) -> Axis:
    front, back = axis
    if step.name == "mT":
        return Axis(None, {-1: -2, -2: -1}.get(back or 0, back))
    if step.name in ("t", "T"):
        return Axis(None if front is None else 1 - front, None if back is None else -3 - back)
    values = step.args.positional[1:] if step.args is not None else []
    numbers = [value.value for value in values if type(value) is Const and type(value.value) is int]
    if step.name == "permute":
        count = len(numbers)
        here = front if front is not None else None if back is None else count + back
        whole = [number % count for number in numbers]
        return Axis(whole.index(here), whole.index(here) - count) if here in whole else Axis(None, None)
    if len(numbers) != _PAIR:
        return Axis(None, None)
    one, other = numbers
    if one >= 0 and other >= 0 and front is not None:
        new = other if front == one else one if front == other else front
        return Axis(new, back if new == front else None if back is None else back + new - front)
    if one < 0 and other < 0 and back is not None:
        new = other if back == one else one if back == other else back
        return Axis(front if new == back else None if front is None else front + new - back, new)
    return Axis(None, None)
