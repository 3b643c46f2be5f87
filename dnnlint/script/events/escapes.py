"""Values that escape into code that is not understood, which may do anything to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.evidence.script import Mode
from dnnlint.script import objects
from dnnlint.script.events import beats, devices, gradients, timeline
from dnnlint.script.networks import modes
from dnnlint.script.values import Obj, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_HARMLESS = re.compile(
    r"^_?(?:save|log|print|count|summar|plot|visuali[sz]e|show|get_lr|accura|metric|comput|report|check|display|"
    r"dump|write|record|num_|size|calc|describe|stat|monitor|is_|has_|len|to_|load|init|restore|resume|"
    r"(?:get|set|adjust|update|create|build|make)_(?:lr|learning|sched|scheduler|param|learning_rate))",
    re.IGNORECASE,
)
_SAVING = re.compile(
    r"^_?(?:save|log|print|load|restore|resume|summar|plot|dump|write|checkpoint|get_lr|len)", re.IGNORECASE
)
_DEEPEST = 2  # containers and objects inside one another


def havoc(run: Interpreter, values: list[Value], func: Value | None = None) -> None:
    """A function that is not understood received these values: gradients and modes are no longer known."""
    name = getattr(func, "name", "") or getattr(func, "dotted", "").rpartition(".")[2]
    if name and _SAVING.search(name):
        return
    reachable = _reachable(values)
    for obj in reachable:
        if obj.kind in ("optimizer", "scheduler") or "$optimizer" in obj.fields:
            beats.handed(run, obj)
    if name and _HARMLESS.search(name):
        return
    timeline.leaked(run, values, name)
    for obj in reachable:
        if obj.kind in ("loader", "sampler"):
            obj.fields["$owned"] = True
        if obj.kind in ("optimizer", "scaler", "opaque"):
            obj.fields["$escaped"] = True
        if obj.kind == "optimizer" or (obj.kind == "opaque" and "$gradients" in obj.fields):
            run.record.events += 1
            run.record.clears.append((run.tick(), obj))
            run.write(obj.fields, "$gradients", gradients.FOREIGN)
        if (obj.kind == "module" and not _single(obj)) or obj.fields.get("$network"):
            unknown = frozenset({*modes.current(run, obj), (Mode.UNKNOWN, None, 0)})
            run.write(obj.fields, "$mode", unknown)
        if obj.kind in ("module", "loader"):
            devices.forget(run, obj)


def _single(obj: Obj) -> bool:
    """Whether a module is one layer, whose mode nobody sets by itself."""
    spec = obj.fields.get("$spec")
    return spec is not None and spec.kind != "container"


def _reachable(values: list[Value], depth: int = 0) -> list[Obj]:
    """Objects that can be got hold of through these values."""
    found: list[Obj] = []
    for value in values:
        for option in options(value):
            if type(option) is Obj:
                found.append(option)
                if option.kind in ("list", "dict") and depth < _DEEPEST:
                    found.extend(_reachable(objects.contents(option), depth + 1))
                elif option.kind == "instance" and depth < _DEEPEST:
                    inner = [v for k, v in option.fields.items() if k[:1] != "$" and isinstance(v, Value)]
                    found.extend(_reachable(inner, depth + 1))
            elif type(option) is Tuple and depth < _DEEPEST:
                found.extend(_reachable(list(option.items), depth + 1))
    return found
