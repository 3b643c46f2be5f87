"""Sums over batches that are divided by a count, and whether that is the count of what was summed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.evidence.script import MeanOfMeans, WrongCount
from dnnlint.script import data, objects
from dnnlint.script.facts import purpose
from dnnlint.script.values import SIZE, TALLY, TOTAL, Const, Obj, Tensor, Value, options

if TYPE_CHECKING:
    from dnnlint.diagnostic import Place
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_DEEPEST = 12


class Mean(NamedTuple):
    """A mean of what was a mean of each batch."""

    place: Place
    loop: Loop
    added: Place


def added(run: Interpreter, result: Value) -> None:
    """Something was added to a sum: the loop in which that happens is remembered."""
    if type(result) is Tensor and result.op == "add" and run.loops:
        run.record.sums[result.at] = (run.loops[-1], _in_loop(run, run.loops[-1], result.at))


def listed(run: Interpreter, items: Obj, node: Any) -> None:
    """Something was appended to a list: likewise."""
    if run.loops:
        items.fields["$grown"] = (run.loops[-1], _in_loop(run, run.loops[-1], run.place(node)))


def _in_loop(run: Interpreter, loop: Loop, place: Place) -> Place:
    """Where something happens, or the call in the loop's own function that makes it happen."""
    if run.frame is loop.frame or loop.frame not in run.frames:
        return place
    return run.frames[run.frames.index(loop.frame) + 1].site or place


def divided(run: Interpreter, left: Value, right: Value, node: Any) -> None:
    """A value was divided by something that counts."""
    if type(left) is Tensor and left.op == "add" and type(right) is Obj and right.fields.get("$length") in left.inputs:
        averaged(run, right.fields["$length"], node)
        return
    found = _sum(left)
    if found is None:
        return
    new, place = found
    loop, place = run.record.sums.get(place, (None, place))
    if loop is None:
        return
    by = _counted(right, loop)
    kind = _unit(run, new)
    if by is None or kind is None or _one_by_one(run, loop):
        return
    if (kind == "mean") is (by == "samples"):
        run.record.state(WrongCount(run.place(node), kind, by, place, loop.place))
    elif kind == "mean":
        run.record.averaged[place] = Mean(run.place(node), loop, place)


def averaged(run: Interpreter, items: Value, node: Any) -> None:
    """The mean of a list was taken."""
    grown = items.fields.get("$grown") if type(items) is Obj and items.kind == "list" else None
    if grown is not None and type(items) is Obj and not _one_by_one(run, grown[0]):
        members = [one for item in objects.contents(items) for one in options(item)]
        if members and all(_unit(run, one) == "mean" for one in members):
            run.record.averaged[grown[1]] = Mean(run.place(node), *grown)


def complete(run: Interpreter) -> None:
    """State the means of means over held-out data whose last batch is smaller."""
    for mean in run.record.averaged.values():
        for loader in purpose.sources(mean.loop):
            if loader.kind == "loader" and _held_out(mean.loop, loader):
                order = data.Order(run, loader)
                remainder = data.remainder(run, loader, order)
                if remainder and order.batch_size and order.sampler is False:
                    built = loader.name, loader.at, order.batch_size, remainder
                    run.record.state(MeanOfMeans(mean.added, mean.place, *built))


def _held_out(loop: Loop, loader: Obj) -> bool:
    return not loop.learned and not loader.fields.get("$trains") and not purpose.trains(loader.name)


def _sum(value: Value) -> tuple[Value, Any] | None:
    """What was added last to a sum that grows in a loop, and where; percentages and conversions left aside."""
    for _ in range(_DEEPEST):
        if type(value) is not Tensor:
            return None
        operands = value.extra if isinstance(value.extra, tuple) and len(value.extra) == 2 else ()
        if value.op == "add" and operands:
            old, new = operands
            repeated = type(old) is Tensor and old.op == "add" and old.at == value.at
            return (new, value.at) if repeated else None
        if value.op in ("mul", "div") and operands:
            numbers = [one for one in operands if type(one) is Const and one.value is not ...]
            others = [one for one in operands if one not in numbers]
            if len(numbers) != 1 or len(others) != 1:
                return None
            value = others[0]
        elif value.op in ("view", "cut") and len(value.inputs) == 1:
            value = value.inputs[0]
        else:
            return None
    return None


def _counted(value: Value, loop: Loop) -> str | None:
    """What a divisor counts: the "batches" or the "samples" of what a loop goes over."""
    if value is TOTAL:
        return "samples"
    if value is TALLY:
        return "batches" if any(source.kind == "loader" for source in purpose.sources(loop)) else None
    whole = value.fields.get("$length") if type(value) is Obj else None
    if whole is None:
        return None
    for source in purpose.sources(loop):
        if whole is source:
            return "batches" if source.kind == "loader" or (source.kind == "opaque" and "load" in source.name) else None
        dataset = source.fields.get("$dataset") or source.fields.get("dataset")
        if whole is dataset:
            return "samples"
    return None


def _one_by_one(run: Interpreter, loop: Loop) -> bool:
    """Whether a batch is known to be one sample, so that both counts are the same."""
    return any(source.kind == "loader" and data.Order(run, source).batch_size == 1 for source in purpose.sources(loop))


def _unit(run: Interpreter, value: Value, depth: int = 0) -> str | None:
    """What one addend is: the "mean" of a batch, a "count" of samples, a "sum" over samples, or not known."""
    if type(value) is not Tensor or depth > _DEEPEST:
        return None
    operands = value.extra if isinstance(value.extra, tuple) and len(value.extra) == 2 else ()
    if value.op == "loss":
        return "mean" if isinstance(value.extra, str) and id(value) not in run.record.reduced else None
    if value.op in ("view", "cut") and len(value.inputs) == 1:
        return _unit(run, value.inputs[0], depth + 1)
    if value.op in ("sum", "mean") and value.inputs and _compared(value.inputs[0]):
        return "count" if value.op == "sum" else "mean"
    if value.op == "mul" and operands:
        return _weighted(run, operands, depth)
    if value.op == "div" and operands and _unit(run, operands[0], depth + 1) == "count" and _is_size(run, operands[1]):
        return "mean"
    return None


def _weighted(run: Interpreter, operands: Any, depth: int) -> str | None:
    """A mean times the size of its batch is a sum over samples."""
    if any(type(one) is Const and one.value == 1 for one in operands):
        return next((_unit(run, one, depth + 1) for one in operands if type(one) is Tensor), None)
    sizes = [one for one in operands if _is_size(run, one)]
    units = [_unit(run, one, depth + 1) for one in operands if not _is_size(run, one)]
    return "sum" if len(sizes) == 1 and units == ["mean"] else None


def _is_size(run: Interpreter, value: Value) -> bool:
    return (
        value is SIZE
        or id(value) in run.lengths
        or (type(value) is Obj and type(value.fields.get("$length")) is Tensor)
    )


def _compared(value: Value) -> bool:
    """Whether a value tells where two tensors agree."""
    for _ in range(_DEEPEST):
        if type(value) is not Tensor or value.op not in ("view", "cut"):
            return False
        if len(value.inputs) != 1:
            return value.op == "cut" and len(value.inputs) == 2
        value = value.inputs[0]
    return False
