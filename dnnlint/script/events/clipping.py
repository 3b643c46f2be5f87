"""Gradients are clipped: before they are there, after they were used, or while they are still scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Clipping
from dnnlint.script import flow, parameters
from dnnlint.script.code import Args, Handler
from dnnlint.script.events import gradients, ownership, timeline
from dnnlint.script.networks import tree
from dnnlint.script.values import Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_IDLE = frozenset({"clear", "stale", "wiped"})
_READY = frozenset({"ready", "dirty"})


def clip(run: Interpreter, params: Value | None, node: Any, unscales: bool = False) -> None:
    """Gradients of some parameters are clipped; ``unscales`` if they are unscaled before, as an engine does."""
    readers = _readers(run, params)
    place = run.place(node)
    if not readers or run.forwards or timeline.leaked_since(run, timeline.iteration(run)):
        return
    states = {state for one in readers for state, _, _ in gradients.paths(one)}
    if timeline.steady(run) and states <= _IDLE:
        _idle(run, readers, place)
    elif states <= _READY and not unscales and all(one.fields.get("$amp") == "scaled" for one in readers):
        _state(run, readers[0], place, "scaled", None)


def _idle(run: Interpreter, readers: list[Obj], place: Place) -> None:
    """No gradients are waiting here: they were used in this iteration, or are still to be computed."""
    since = timeline.iteration(run)
    for optimizer in readers:
        clock, step, _ = optimizer.fields.get("$step") or (None, None, None)
        fed = optimizer.fields.get("$fed")
        if clock is not None and clock > since:
            _state(run, optimizer, place, "late", step)
            return
        if fed is not None and fed[0] is not None and run.loops[-1].start < fed[0] < since:
            _state(run, optimizer, place, "early", fed[1])
            return


def _state(run: Interpreter, optimizer: Obj, place: Place, fault: str, other: Place | None) -> None:
    run.record.state(Clipping(place, ownership.title(optimizer), fault, other))


def _readers(run: Interpreter, params: Value | None) -> list[Obj]:
    """The optimisers whose gradients are clipped; none if that is not known."""
    owners, known = parameters.owners(params)
    if not known and not owners:
        return []
    found = [one for one in run.record.optimizers if any(_touches(owner, one) for owner in owners)]
    if found:
        return found
    strangers = [one for one in run.record.optimizers if not ownership.owned(one) and one is not run.record.hand]
    return strangers if len(strangers) == 1 and len(run.record.optimizers) == 1 else []


def _touches(owner: Value, optimizer: Obj) -> bool:
    if owner is optimizer:
        return True
    return any(tree.within(own, owner) or tree.within(owner, own) for own in ownership.owned(optimizer))


def _clip_call(run: Interpreter, args: Args, node: Any) -> Value:
    clip(run, args.get(0, "parameters"), node)
    return flow.unknown(())


HANDLERS: dict[str, Handler] = dict.fromkeys(
    (
        *(
            f"torch.nn.utils{file}.{name}"
            for file in ("", ".clip_grad")
            for name in ("clip_grad_norm_", "clip_grad_norm", "clip_grad_value_")
        ),
        "timm.utils.dispatch_clip_grad",
        "timm.utils.clip_grad.dispatch_clip_grad",
        "timm.utils.adaptive_clip_grad",
    ),
    _clip_call,
)
