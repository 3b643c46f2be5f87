"""What is left of a learning rate when half of training is over."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dnnlint.script import inlining, ir, objects
from dnnlint.script.code import Args, Func
from dnnlint.script.facts import rounds
from dnnlint.script.tables.schedulers import ScheduleSpec
from dnnlint.script.values import Const, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.facts.rounds import Pace
    from dnnlint.script.interpreter import Interpreter

_FEWEST = 3  # epochs of a training whose first half is worth a look


def halfway(run: Interpreter, obj: Obj, spec: ScheduleSpec, pace: Pace) -> tuple[float | None, int | None]:
    """The share of the highest rate that is left halfway, and after how many steps of the schedule that is."""
    args: Args = obj.fields["$args"]

    def given(name: str) -> Value | None:
        return args.get(spec.params.index(name) if name in spec.params else -1, name)

    whole = rounds.number(pace.epochs if pace.interval is not None else pace.rounds)
    span = given(spec.span) if spec.span else None
    if pace.interval == "batch" and spec.ends == "zero" and _one_epoch(span) and (whole is None or whole >= _FEWEST):
        return 0.0, None
    if whole is None or whole < _FEWEST:
        return None, None
    half = int(whole // 2)  # where a batch is a step, there are at least as many
    left = _left(run, spec, half, given(spec.span) if spec.span else None, given)
    return left, half


def dies(obj: Obj, spec: ScheduleSpec) -> bool:
    """Whether each decay multiplies the rate by zero, or by less."""
    args: Args = obj.fields["$args"]
    gamma = args.get(spec.params.index("gamma"), "gamma") if "gamma" in spec.params else None
    factor = rounds.number(gamma)
    return spec.ends in ("power", "stairs", "milestones") and factor is not None and factor <= 0


def _one_epoch(span: Value | None) -> bool:
    """Whether a span is the length of a loader, and no multiple of it."""
    return type(span) is Obj and "$length" in span.fields and "$counts" not in span.fields


def _left(run: Interpreter, spec: ScheduleSpec, half: int, span: Value | None, given: object) -> float | None:
    assert callable(given)
    gamma = rounds.number(given("gamma")) if given("gamma") is not None else 0.1
    if spec.ends == "power":
        return _power(rounds.number(given("gamma")), half)
    if spec.ends == "stairs":
        size = rounds.number(span)
        return _power(gamma, int(half // size)) if size is not None and size >= 1 else None
    if spec.ends == "milestones":
        items = objects.known_items(span) if span is not None else None
        known = [one for item in items or () if (one := rounds.number(item)) is not None]
        return _power(gamma, sum(one <= half for one in known)) if items and len(known) == len(items) else None
    if spec.ends == "lambda":
        return _by_function(run, given("lr_lambda"), half)
    total = rounds.number(span) if span is not None else spec.default
    if total is None or half < total:
        return None
    if spec.ends == "factor":
        last = given("end_factor")
        return rounds.number(last) if last is not None else None
    return 0.0 if spec.ends == "zero" else None


def _power(factor: float | None, times: int) -> float | None:
    return factor**times if factor is not None and 0 < factor <= 1 else None


def _by_function(run: Interpreter, function: Value | None, half: int) -> float | None:
    """A lambda of the step: its value halfway, in units of the highest up to there."""
    if type(function) is not Func or type(function.node) is not ir.Lambda:
        return None
    values = [_at(run, function, step) for step in (0, 1, half // 4, half // 2, half)]
    known = [value for value in values if value is not None and math.isfinite(value)]
    if len(known) < len(values) or max(known) <= 0:
        return None
    return max(known[-1], 0.0) / max(known)


def _at(run: Interpreter, function: Func, step: int) -> float | None:
    return rounds.number(inlining.call_function(run, function, Args([Const(step)]), function.node))
