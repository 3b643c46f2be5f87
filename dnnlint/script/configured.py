"""What ``configure_optimizers`` of Lightning returns: schedules that the trainer steps, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.script import objects
from dnnlint.script.tables import frameworks
from dnnlint.script.values import NOWHERE, Const, Obj, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_INTERVALS = {"step": "batch", "epoch": "epoch"}


def manual(module: Obj) -> bool:
    """Whether a LightningModule says that it steps its optimisers itself."""
    switch = module.fields.get(frameworks.MANUAL_SWITCH)
    return type(switch) is Const and not switch.value


def engine(run: Interpreter) -> bool:
    """Whether what is made now is configured for a trainer that does all steps."""
    frame = next((frame for frame in reversed(run.frames) if frame.name == "configure_optimizers"), None)
    module = frame.locals.get("self") if frame is not None else None
    return type(module) is Obj and module.kind == "module" and not manual(module)


def schedules(value: Value) -> None:
    """Note of each schedule whether the trainer steps it once a batch or, as it does by default, once an epoch."""
    entries = _entries(value)
    if entries is not None:
        if "lr_scheduler" in entries:
            _configured(entries["lr_scheduler"])
        return
    items = objects.known_items(value) or []
    several = len(items) == 2 and all(objects.known_items(item) is not None for item in items)
    for item in (objects.known_items(items[1]) or []) if several else items:
        if several:
            _configured(item)
        elif _entries(item) is not None:
            schedules(item)


def _configured(value: Value) -> None:
    """One schedule, bare or with its settings."""
    entries = _entries(value)
    inner = entries.get("scheduler") if entries is not None else value
    given = entries.get("interval") if entries is not None else None
    frequency = entries.get("frequency") if entries is not None else None
    interval = "epoch" if given is None else _INTERVALS.get(str(given.value)) if type(given) is Const else None
    if frequency is not None and not (type(frequency) is Const and frequency.value == 1):
        interval = None
    place: Place = value.at if type(value) is Obj and value.kind == "dict" else NOWHERE
    for option in options(inner) if inner is not None else ():
        if type(option) is Obj and option.kind == "scheduler" and option.fields.get("$engine"):
            option.fields["$managed"] = (interval, place if place != NOWHERE else option.at)


def _entries(value: Value) -> dict[str, Value] | None:
    """What a dict holds, if all of it is known."""
    whole = type(value) is Obj and value.kind == "dict" and not value.fields.get("$more")
    return value.fields["$items"] if whole else None  # type: ignore[attr-defined]
