"""Steps: parameters are changed by their gradients, by an optimiser or by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Gradients, TrainingStep, WipedStep
from dnnlint.script import graph
from dnnlint.script.code import (
    Args,
)
from dnnlint.script.events import (
    beats,
    capture,
    gradients,
    keepsakes,
    order,
    ownership,
    piling,
    scaling,
    windows,
)
from dnnlint.script.values import Obj

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def step(run: Interpreter, obj: Obj, node: Any, scaler: Obj | None = None) -> None:
    """An optimiser stepped, perhaps by way of a gradient scaler."""
    run.record.events += 1
    run.record.stepped += 1
    run.tick()
    optimizer = ownership.register(run, obj)
    _train_on_batches(run, optimizer)
    place = run.place(node)
    order.stepped(run, optimizer, place)
    capture.stepped(run, optimizer, place)
    piling.stepped(run, optimizer, place)
    windows.stepped(run, optimizer, place)
    scaling.stepped(run, optimizer, place, scaler)
    if run.record.keepsakes:
        keepsakes.outdated(run, optimizer)
    run.record.steps.append(beats.beat(run, optimizer, place, Args()))
    states = _states(run, optimizer, place)
    backwards = {backward for _, backward, _ in gradients.paths(optimizer) if backward is not None}
    for backward in backwards or ({place} if not run.record.passes else set()):
        _state(run, optimizer, backward, place, states)
    run.write(optimizer.fields, "$gradients", gradients.STEPPED)


def hand_step(run: Interpreter, node: Any) -> None:
    """A parameter was changed by its gradient without an optimiser."""
    record = run.record
    if record.hand is None:
        record.hand = Obj("optimizer", "hand-written update")
        record.hand.fields["$owners"] = ()
    if record.passes:
        *_, reach = record.passes.values()
        roots = [call.network for call in reach.calls] or list(reach.modules)
        record.hand.fields["$owners"] = tuple(roots)
        record.hand.fields["$known"] = bool(roots) and not reach.unknown
    step(run, record.hand, node)


def without_networks(run: Interpreter) -> bool:
    """Whether the last backward pass came from plain tensors alone, which then are the parameters."""
    reaches = list(run.record.passes.values())
    return bool(reaches) and not reaches[-1].calls and not reaches[-1].modules


def _train_on_batches(run: Interpreter, optimizer: Obj) -> None:
    """The batches behind the backward passes that an optimiser now steps on are what it learns from."""
    for reach in run.record.pending if run.loops else ():
        if ownership.reads(optimizer, reach) is not False:
            for loader in reach.loaders:
                loader.fields["$trains"] = True


def _states(run: Interpreter, optimizer: Obj, place: Place) -> frozenset[Gradients]:
    """What the gradients can be that a step reads; a step on wiped ones is a fact of its own."""
    paths = gradients.paths(optimizer)
    states = set()
    for state, backward, clear in paths:
        if state == "dirty":
            states.add(Gradients.STALE)
        elif state == "wiped" and backward is not None and clear is not None:
            states.add(Gradients.WIPED)
            unread = len(paths) == 1 and run.record.looked.get(clear, 0) < run.record.when[backward]
            if unread and not order.turned_round(run, optimizer, backward, place):
                run.record.state(WipedStep(backward, clear, place, ownership.title(optimizer)))
        elif state in ("unknown", "mixed"):
            states.add(Gradients.UNKNOWN)
        else:
            states.add(Gradients.CLEAR)
    if Gradients.STALE in states:
        if _cleared_lately(run, optimizer):
            states.add(Gradients.CLEAR)
        else:
            states.discard(Gradients.CLEAR)  # paths on which no step was taken yet
    return frozenset(states)


def _cleared_lately(run: Interpreter, optimizer: Obj) -> bool:
    """Whether gradients were cleared since the innermost loop that is in its steady state began."""
    since = next((loop.start for loop in reversed(run.loops) if loop.passes > 1), run.clock + 1)
    return any(clock >= since and one is optimizer for clock, one in run.record.clears)


def _state(run: Interpreter, optimizer: Obj, backward: Place, place: Place, states: frozenset[Gradients]) -> None:
    """State what a step trains, and on what gradients."""
    reach = run.record.passes.get(backward)
    loop = run.loops[-1].place if run.loops else None
    if not any(one.passes > 1 for one in run.loops):
        states = states - {Gradients.STALE} or frozenset({Gradients.UNKNOWN})
    forwards = graph.forwards(run, reach, optimizer) if reach is not None else ()
    run.record.state(TrainingStep(backward, place, loop, ownership.title(optimizer), states, forwards))
