"""Backward passes and steps in their order: a step before the backward pass that should feed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import EarlyStep
from dnnlint.script.events import gradients, ownership, timeline
from dnnlint.script.values import Obj

if TYPE_CHECKING:
    from dnnlint.script.graph import Reach
    from dnnlint.script.interpreter import Interpreter

# An optimiser's field "$fed": clock and place of the last backward pass that wrote its gradients.
# Its field "$step": clock and place of its last step, and whether it found nothing of that iteration.


def fed(run: Interpreter, reach: Reach, place: Place, readers: Sequence[tuple[Obj, bool | None]]) -> None:
    """A backward pass wrote the gradients of some optimisers."""
    loops = tuple(run.loops)
    run.record.timeline.passed.append(timeline.Passed(place, run.clock, reach, loops))
    for optimizer, sure in readers:
        if sure or len(run.record.optimizers) == 1:
            _followed(run, optimizer, reach, place)
        run.record.timeline.fed.append(timeline.Fed(optimizer, place, run.clock, loops, bool(sure)))
        run.write(optimizer.fields, "$fed", (run.clock, place))


def _followed(run: Interpreter, optimizer: Obj, reach: Reach, place: Place) -> None:
    """Whether an optimiser stepped between the forward pass and this backward pass, on nothing new."""
    clock, step, starved = optimizer.fields.get("$step") or (None, None, False)
    since = timeline.iteration(run)
    if clock is None or step is None or clock <= since or not starved:
        return
    owners = ownership.owned(optimizer)
    calls = [call.clock for call in reach.calls if not owners or any(call.network is one for one in owners)]
    if calls and since < max(calls) < clock and not timeline.leaked_since(run, since):
        run.record.state(EarlyStep(step, place, ownership.title(optimizer)))


def stepped(run: Interpreter, optimizer: Obj, place: Place) -> None:
    """An optimiser is about to step."""
    clock, _ = optimizer.fields.get("$fed") or (0, None)
    starved = clock is not None and clock <= timeline.iteration(run)
    states = {state for state, _, _ in gradients.paths(optimizer)}
    strange = not states.isdisjoint({"unknown", "mixed"})
    run.write(optimizer.fields, "$step", (run.clock, place, starved and not strange))
    run.record.timeline.stepped.append(timeline.Stepped(optimizer, place, run.clock, tuple(run.loops), strange))


def turned_round(run: Interpreter, optimizer: Obj, backward: Place, step: Place) -> bool:
    """Whether a step finds cleared gradients since its backward pass comes later in the iteration; stated if so."""
    if not run.loops or run.record.when[backward] > timeline.iteration(run):
        return False
    (first, *_) = [one for one in reversed(run.record.timeline.passed) if one.place == backward]
    if not first.loops or first.loops[-1].node is not run.loops[-1].node:
        return False
    run.record.state(EarlyStep(step, backward, ownership.title(optimizer)))
    return True
