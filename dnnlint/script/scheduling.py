"""Learning-rate schedules: what they are built from, and their steps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.script import configured, flow, selections
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.events import beats
from dnnlint.script.objects import contents
from dnnlint.script.tables import optimizers, schedulers
from dnnlint.script.values import Const, Obj, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_NAME = re.compile(r"sched", re.IGNORECASE)
_OWN = re.compile(r"sched|lr(?![a-z])|plateau|warm_?up|anneal", re.IGNORECASE)
_STEPS_TOO = re.compile(r"step_|update|adjust|__call__|__enter__|set_|zero_grad|apply|on_|attach|callback")
_READING = frozenset({
    "state_dict", "load_state_dict", "get_last_lr", "get_lr", "print_lr", "last_epoch", "get_last_value",
})  # fmt: skip


def make(run: Interpreter, name: str, args: Args, node: Any) -> Value:
    """A schedule of an optimiser."""
    obj = Obj("scheduler", name, run.place(node))
    spec = schedulers.SCHEDULES.get(name)
    where = optimizers.SCHEDULERS.get(name, optimizers.Argument(0, "optimizer"))
    target = args.get(where.position, where.name)
    obj.fields["$args"] = args
    obj.fields["$optimizer"] = target
    obj.fields["$certain"] = not run.exploring
    obj.fields["$born"] = run.tick()
    obj.fields["$engine"] = configured.engine(run)
    for inner in _schedules(args.values()):
        beats.handed(run, inner)  # the outer one steps it
    for option in options(target) if target is not None else ():
        if type(option) is Obj and (spec is None or spec.moves_start):
            option.fields["$rescaled"] = True
    run.record.schedules.append(obj)
    return obj


def inherited(run: Interpreter, obj: Obj, args: Args) -> None:
    """The library part of a schedule that the project defines is built: its optimiser's rate is the schedule's."""
    target = args.get(0, "optimizer")
    obj.fields["$optimizer"] = target
    obj.fields["$born"] = run.tick()
    for option in options(target) if target is not None else ():
        if type(option) is Obj:
            option.fields["$rescaled"] = True


def by_hand(run: Interpreter, obj: Obj, cls: Class) -> None:
    """An object of a project class: a schedule, if it keeps an optimiser and steps in no other way than others do."""
    if not _OWN.search(cls.name) or type(cls.find("step")) is not Func or any(map(_STEPS_TOO.match, cls.names)):
        return
    kept = [value for name, value in obj.fields.items() if name[:1] != "$" and type(value) is Obj]
    optimizer = next((value for value in kept if value.kind == "optimizer"), None)
    if optimizer is not None and obj.kind in ("instance", "scheduler"):
        obj.fields.update({"$optimizer": optimizer, "$args": Args(), "$certain": not run.exploring})
        obj.fields.setdefault("$born", run.tick())
        run.record.schedules.append(obj)


def released(run: Interpreter, value: Value) -> None:
    """Something was returned to a caller that is not in the file: it may step the schedules in it."""
    found = _schedules((value,))
    for schedule in found:
        beats.handed(run, schedule)
        if schedule.fields.get("$engine"):
            configured.schedules(value)
    if found:
        selections.configured(run, value)


def _schedules(values: list[Value] | tuple[Value, ...], depth: int = 0) -> list[Obj]:
    """The schedules among some values and in their lists."""
    found: list[Obj] = []
    for value in values:
        for option in options(value):
            if type(option) is Obj and option.kind == "scheduler":
                found.append(option)
            elif type(option) is Obj and option.kind in ("list", "dict") and depth < 2:
                found.extend(_schedules(contents(option), depth + 1))
            elif type(option) is Tuple and depth < 2:
                found.extend(_schedules(option.items, depth + 1))
    return found


def method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a schedule."""
    if name == "step":
        run.record.events += 1
        run.record.beats.append(beats.beat(run, obj, run.place(node), args, node))
        if str(obj.cls).endswith(".ReduceLROnPlateau") and "$args" in obj.fields and run.record.beats[-1].certain:
            selections.plateau(run, obj, args, node)
        return Const(None)
    if name not in _READING:
        beats.handed(run, obj)
    return flow.unknown(())


def opaque_step(run: Interpreter, obj: Obj, args: Args, node: Any) -> None:
    """``step`` of something of unknown class that is called a schedule."""
    if _NAME.search(obj.name):
        run.record.events += 1
        run.record.beats.append(beats.beat(run, obj, run.place(node), args, node))
