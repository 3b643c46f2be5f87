"""Learning-rate schedules as evidence: what they count, how they are stepped, and what they leave of the rate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Schedule, ScheduleStep
from dnnlint.script.code import Class
from dnnlint.script.events import ownership
from dnnlint.script.facts import order, purpose, rounds, spans
from dnnlint.script.tables import schedulers
from dnnlint.script.values import Obj, Value, options

if TYPE_CHECKING:
    from dnnlint.script.events.beats import Beat
    from dnnlint.script.interpreter import Interpreter

_SCHEDULE_NAME = re.compile(r"sched|warm|lr|decay|anneal", re.IGNORECASE)


def state(run: Interpreter) -> None:
    """State every schedule that was built or stepped."""
    record = run.record
    stepped: dict[int, list[Beat]] = {}
    for beat in record.beats:
        stepped.setdefault(id(beat.of), []).append(beat)
    known = {id(obj): obj for obj in record.schedules}
    known.update({id(beat.of): beat.of for beat in record.beats})
    for obj in known.values():
        _state(run, obj, stepped.get(id(obj), []))


def _state(run: Interpreter, obj: Obj, beats: list[Beat]) -> None:
    optimizer = _optimizer(run, obj, beats)
    if optimizer is None or (purpose.unit_test(obj.at.path) and not beats):
        return
    steps = [step for step in run.record.steps if step.of is optimizer]
    kind = obj.cls.rpartition(".")[2] if isinstance(obj.cls, str) else obj.cls.name if type(obj.cls) is Class else ""
    spec = schedulers.SCHEDULES.get(str(obj.cls))
    born: int = obj.fields.get("$born", 0)
    since = 0 if "$handed" not in optimizer.fields else -1
    found: dict[Place, ScheduleStep] = {}
    paces = []
    for beat in beats:
        told = (beat.args.values() or beat.args.open) and not (spec is not None and spec.metric)
        pace = rounds.UNKNOWN if told else rounds.pace(beat, steps)  # a step that is told the epoch goes by that
        paces.append(pace)
        place = pace.loop.place if pace.loop is not None else None
        first = order.early(beat, steps, born) if since == 0 else None
        if beat.place not in found or first is not None:
            found[beat.place] = ScheduleStep(beat.place, pace.interval, place, first, _metric(beat))
    if "$managed" in obj.fields and not beats:
        interval, place = obj.fields["$managed"]
        found[place] = ScheduleStep(place, interval, None, None, None)
        paces.append(rounds.UNKNOWN._replace(interval=interval))
    spans_known = spans.of(run, obj, spec, paces) if spec is not None else spans.NOTHING
    run.record.state(
        Schedule(
            kind,
            obj.at if "$args" in obj.fields else None,
            obj.name,
            ownership.title(optimizer),
            tuple(found.values()),
            any(step.around and step.certain for step in steps) and bool(obj.fields.get("$certain", True)),
            _hidden(run, obj, optimizer, kind),
            spec is not None and spec.metric,
            *spans_known,
        )
    )


def _metric(beat: Beat) -> bool | None:
    """Whether a step is handed a metric; None on paths where the schedule may be another one."""
    if not beat.certain or beat.args.open:
        return None
    return bool(beat.args.values())


def _optimizer(run: Interpreter, obj: Obj, beats: list[Beat]) -> Obj | None:
    """The optimiser of a schedule; where it was not seen being built, the only one that shares a loop with it."""
    target: Value | None = obj.fields.get("$optimizer")
    if target is not None:
        one = [option for option in options(target) if type(option) is Obj]
        return one[0] if len(one) == 1 and one[0].kind in ("optimizer", "opaque") else None
    near: dict[int, Obj] = {}
    for beat in beats:
        loops = [loop for loop, _ in beat.around]
        for step in run.record.steps:
            if any(loop in loops for loop, _ in step.around):
                near[id(step.of)] = step.of
    return next(iter(near.values())) if len(near) == 1 else None


def _hidden(run: Interpreter, obj: Obj, optimizer: Obj, kind: str) -> bool:
    """Whether a schedule may be stepped, or its optimiser be run, by code that was not followed."""
    known = type(obj.cls) is Class or str(obj.cls).startswith("torch.optim") or obj.cls in schedulers.SCHEDULES
    if run.record.partial or "$handed" in obj.fields or not kind or not known:
        return True
    if optimizer.kind != "optimizer":
        return True
    seen = {beat.spelled for beat in run.record.beats}
    spelled = run.steppers()
    return obj.name in spelled or any(_SCHEDULE_NAME.search(name) and name not in seen for name in spelled)
