"""Gradient scalers: scale, backward, unscale, step, update, and what of it is out of order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import ScalerUse
from dnnlint.script.events import gradients, ownership, starts, timeline
from dnnlint.script.values import Const, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.graph import Reach
    from dnnlint.script.interpreter import Interpreter

# Where an optimiser stands is its field "$amp": "scaled", "unscaled", "stepped", "plain", or None where paths differ.
# Where a scaler stands is its field "$phase": "scaled", "unscaled", "stepped", "updated".
_CHECKS = frozenset({"isfinite", "isinf", "isnan", "found_inf", "_found_inf_per_device", "error_if_nonfinite"})
_IDLE = frozenset({"clear", "stale"})


def scale(run: Interpreter, scaler: Obj, loss: Value, node: Any) -> Value:
    """``scaler.scale(loss)``."""
    scaler.fields["$used"] = True
    return loss if _off(scaler) else starts.scaled(loss, scaler, run.place(node))


def backward(run: Interpreter, reach: Reach, readers: list[Obj]) -> None:
    """A backward pass: the gradients it writes are scaled if its loss is."""
    scaler = next((found for node in reach.nodes if (found := _marked(node)) is not None), None)
    if scaler is not None:
        run.write(scaler.fields, "$phase", "scaled")
    for optimizer in readers:
        run.write(optimizer.fields, "$amp", "plain" if scaler is None else "scaled")
        run.write(optimizer.fields, "$scaler", scaler)


def _marked(node: Value) -> Obj | None:
    """The scaler whose result a value is."""
    extra = node.extra if type(node) is Tensor else None
    if type(extra) is tuple and len(extra) == 2 and extra[0] is starts.SCALED:
        scaler: Obj = extra[1]
        return scaler
    return None


def unscale(run: Interpreter, scaler: Obj, target: Value | None, node: Any) -> None:
    """``scaler.unscale_(optimizer)``."""
    if type(target) is not Obj or not ownership.is_optimizer(target):
        return
    optimizer = ownership.register(run, target)
    states = {state for state, _, _ in gradients.paths(optimizer)}
    if optimizer.fields.get("$amp") == "unscaled" and not _off(scaler) and not starts.several(run, node):
        _fault(run, "unscaled twice", optimizer, run.place(node), optimizer.fields.get("$unscaled"))
    elif timeline.steady(run) and states <= _IDLE and not timeline.leaked_since(run, timeline.iteration(run)):
        _fault(run, "early unscale", optimizer, run.place(node), None)
    run.write(optimizer.fields, "$amp", "unscaled")
    run.write(optimizer.fields, "$unscaled", run.place(node))
    run.write(scaler.fields, "$phase", "unscaled")


def stepping(run: Interpreter, scaler: Obj, optimizer: Obj, node: Any) -> None:
    """``scaler.step(optimizer)`` is about to step."""
    place = run.place(node)
    amp = optimizer.fields.get("$amp")
    if amp == "plain" and scaler.kind == "scaler" and _on(scaler) and not scaler.fields.get("$used"):
        backwards = {where for _, where, _ in gradients.paths(optimizer) if where is not None}
        if timeline.steady(run) and len(backwards) == 1:
            _fault(run, "unscaled", optimizer, backwards.pop(), place)
    scaler.fields["$stepped"] = place
    if not any(scaler is one for one, _, _ in run.record.scalers):
        run.record.scalers.append((scaler, optimizer, bool(run.loops)))
    run.write(scaler.fields, "$phase", "stepped")


def stepped(run: Interpreter, optimizer: Obj, place: Place, scaler: Obj | None) -> None:
    """An optimiser is about to step, by way of a scaler or on its own."""
    amp = optimizer.fields.get("$amp")
    if scaler is None and amp in ("scaled", "unscaled", "stepped"):
        states = {state for state, _, _ in gradients.paths(optimizer)}
        by: Obj | None = optimizer.fields.get("$scaler")
        if by is None or _on(by):
            if amp != "stepped" and states <= {"ready", "dirty"}:
                if amp == "scaled" or _CHECKS.isdisjoint(run.mentions):
                    _fault(run, "direct" if amp == "scaled" else "unchecked", optimizer, place, None)
            elif amp == "stepped" and states == {"stale"}:
                _fault(run, "twice", optimizer, place, by.fields.get("$stepped") if by is not None else None)
    run.write(optimizer.fields, "$amp", None if scaler is None else "stepped")
    by = scaler or optimizer.fields.get("$scaler")
    if by is not None:
        run.write(optimizer.fields, "$scaler", by)
        run.write(by.fields, "$phase", "stepped")


def update(run: Interpreter, scaler: Obj, node: Any) -> None:
    """``scaler.update()``."""
    scaler.fields["$updated"] = True
    if scaler.fields.get("$phase") == "scaled" and (scaler.kind != "scaler" or _on(scaler)):
        run.record.state(ScalerUse(run.place(node), "early update", "", None))
    run.write(scaler.fields, "$phase", "updated")


def complete(run: Interpreter) -> None:
    """State which scalers were stepped with and never updated."""
    for scaler, optimizer, repeated in run.record.scalers:
        others = [one for one, _, _ in run.record.scalers if timeline.alike(one, scaler)]
        if not repeated or any(one.fields.get("$updated") or one.fields.get("$escaped") for one in others):
            continue
        if scaler.kind == "scaler" and not _off(scaler):
            _fault(run, "never updated", optimizer, scaler.fields["$stepped"], scaler.at)


def _fault(run: Interpreter, fault: str, optimizer: Obj, place: Place, other: Place | None) -> None:
    run.record.state(ScalerUse(place, fault, ownership.title(optimizer), other))


def _off(scaler: Obj) -> bool:
    """Whether a scaler is certainly disabled."""
    enabled = scaler.fields.get("$enabled")
    return type(enabled) is Const and enabled.value is False and not enabled.soft


def _on(scaler: Obj) -> bool:
    """Whether a scaler is certainly in use: no setting decides it."""
    enabled = scaler.fields.get("$enabled")
    return scaler.kind == "scaler" and (enabled is None or (type(enabled) is Const and enabled.value is True))
