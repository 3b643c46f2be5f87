"""What a schedule counts, when it ends, and what it leaves of the learning rate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dnnlint.script import objects
from dnnlint.script.code import Args
from dnnlint.script.facts import decay, rounds
from dnnlint.script.tables.schedulers import ScheduleSpec
from dnnlint.script.values import Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.facts.rounds import Pace
    from dnnlint.script.interpreter import Interpreter

_MANY = 1000  # steps that no training counts in epochs
_TIMES = 10  # so many times as many steps as epochs are not meant as epochs
_USUAL_EPOCHS = 50  # where the number of epochs is not known: a schedule that moves this often counts epochs
_LAST_EPOCH = 300  # where the number of epochs is not known: a last milestone up to here is an epoch
_EPOCHS = re.compile(
    r"^(?:n|num|max|total|train|training|t)?_?epochs?(?:_num|_count)?$|^T_?max_epochs?$", re.IGNORECASE
)
_SHRINKS = 0.99  # a factor up to this, once a batch, is gone within an epoch


class Span(NamedTuple):
    """The last fields of a Schedule."""

    counts: str | None
    reason: str
    argument: bool
    left: float | None
    halfway: int | None
    dies: bool = False  # a factor of zero: nothing is left from the first decay on


NOTHING = Span(None, "", False, None, None)


def argument(obj: Obj, spec: ScheduleSpec, name: str) -> Value | None:
    """An argument of a schedule."""
    args: Args = obj.fields["$args"]
    return args.get(spec.params.index(name) if name in spec.params else -1, name)


def of(run: Interpreter, obj: Obj, spec: ScheduleSpec, paces: list[Pace]) -> Span:
    """What is known of a schedule that is stepped in these ways."""
    if "$args" not in obj.fields or obj.fields["$args"].open or not paces:
        return NOTHING
    pace = paces[0]
    if any(other.interval != pace.interval for other in paces):
        return NOTHING
    kind = str(obj.cls).rpartition(".")[2]
    counts, reason = _counts(obj, spec, kind, pace)
    wrong_argument = spec.counts == pace.interval == "batch" and counts == "epoch"
    left, halfway = (None, None) if counts not in (None, pace.interval) else decay.halfway(run, obj, spec, pace)
    return Span(counts, reason, wrong_argument, left, halfway, decay.dies(obj, spec))


def _counts(obj: Obj, spec: ScheduleSpec, kind: str, pace: Pace) -> tuple[str | None, str]:
    """What a step of a schedule is meant to be, and what tells."""
    if spec.metric:
        return "epoch", "it waits for a metric to stop improving"
    if kind == "OneCycleLR" and argument(obj, spec, "total_steps") is None:
        per_epoch = argument(obj, spec, "steps_per_epoch")
        several = per_epoch is not None and rounds.number(per_epoch) != 1
        return ("batch", "`steps_per_epoch` counts batches") if several else (None, "")
    if kind == "ExponentialLR":
        return _by_factor(obj, spec, pace)
    value = argument(obj, spec, spec.span) if spec.span else None
    if kind == "MultiStepLR":
        return _by_milestones(value, pace)
    if value is None and spec.default is None:
        return None, ""
    return _by_span(value, spec, pace)


def _by_span(value: Value | None, spec: ScheduleSpec, pace: Pace) -> tuple[str | None, str]:
    name = spec.span
    if value is not None and objects.counted(value):
        return "batch", f"`{name}` counts batches"
    epochs = rounds.number(pace.epochs)
    if epochs is None and value is not None and (of_epochs := _of_epochs(value, pace)):
        return "epoch", f"`{name}` is {of_epochs}"
    known = rounds.number(value) if value is not None else float(spec.default or 0)
    if known is None or known < 1:
        return None, ""
    if epochs is not None and epochs > 1:
        if known == epochs:
            return "epoch", f"`{name}` is the number of epochs"
        if pace.interval == "batch" and known <= epochs:
            return "epoch", f"`{name}` of {known:g} is less than the {epochs:g} epochs"
        if known >= max(_MANY, _TIMES * epochs):
            return "batch", f"`{name}` of {known:g} is more than the {epochs:g} epochs"
        return None, ""
    if pace.interval == "batch" and name == "step_size" and known <= _USUAL_EPOCHS:
        return "epoch", f"`{name}` of {known:g} batches is a fraction of an epoch"
    if pace.interval == "epoch" and known >= _MANY:
        return "batch", f"`{name}` of {known:g} is more than the epochs of any training"
    return None, ""


def _of_epochs(value: Value, pace: Pace) -> str:
    """Whether a value that is not known is the number of epochs, or worked out from it: how, in words."""
    part = value
    while type(part) is Obj and "$share" in part.fields:
        part = part.fields["$share"]
    if part is pace.epochs or (pace.interval == "batch" and type(part) is Obj and _EPOCHS.search(part.name)):
        return "the number of epochs" if part is value else "a part of the number of epochs"
    return ""


def _by_milestones(value: Value | None, pace: Pace) -> tuple[str | None, str]:
    items = objects.known_items(value) if value is not None else None
    if not items:
        return None, ""
    if all(objects.counted(item) for item in items):
        return "batch", "`milestones` count batches"
    numbers = [rounds.number(item) for item in items]
    known = [one for one in numbers if one is not None]
    if len(known) < len(numbers):
        return None, ""
    epochs = rounds.number(pace.epochs)
    if pace.interval == "batch" and max(known) <= (epochs if epochs is not None else _LAST_EPOCH):
        return "epoch", f"the last of its `milestones` is {max(known):g}"
    if pace.interval == "epoch" and min(known) >= max(_MANY, _TIMES * (epochs or 0)):
        return "batch", f"the first of its `milestones` is {min(known):g}"
    return None, ""


def _by_factor(obj: Obj, spec: ScheduleSpec, pace: Pace) -> tuple[str | None, str]:
    gamma = rounds.number(argument(obj, spec, "gamma"))
    if pace.interval == "batch" and gamma is not None and 0 < gamma <= _SHRINKS:
        return "epoch", f"a factor of {gamma:g} each batch leaves nothing of the rate"
    return None, ""
