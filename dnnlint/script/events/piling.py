"""Gradients of several batches piled up before a step, and whether the loss is divided by their number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Accumulated
from dnnlint.script import ir
from dnnlint.script.events import gradients, ownership
from dnnlint.script.values import Const, Obj, Tensor, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_PERIOD = re.compile(
    r"accum|update_(?:freq|every|interval|step)|sync|virtual|sub_?division|is_last|do_step", re.IGNORECASE
)
_LOSS = re.compile(r"loss|cost|objective|criterion", re.IGNORECASE)


class Grown(NamedTuple):
    """A backward pass that adds to the gradients that it wrote an iteration before."""

    optimizer: Obj
    place: Place
    loop: Loop
    clock: int


def grown(run: Interpreter, value: Value, place: Place, readers: list[Obj]) -> None:
    """Note a backward pass that piles its gradients up, from a loss that is not divided."""
    settled = _settled(run, value) if run.loops else None
    if settled:
        run.record.timeline.weighted.append(run.clock)
    if settled is not False or run.loops[-1].passes < 2 or any(map(_period, run.guards[run.loops[-1].guards :])):
        return
    for optimizer in readers:
        paths = gradients.paths(optimizer)
        if any(state == "ready" and before == place for state, before, _ in paths):
            run.record.timeline.grown.append(Grown(optimizer, place, run.loops[-1], run.clock))


def stepped(run: Interpreter, optimizer: Obj, place: Place) -> None:
    """Note whether a step is taken in every so many iterations."""
    if run.loops:
        loop = run.loops[-1]
        periodic = any(map(_period, run.guards[loop.guards :]))
        used = {backward for _, backward, _ in gradients.paths(optimizer)}
        optimizer.fields.setdefault("$steps", []).append((loop.node, periodic, place, used))


def _period(test: Any) -> bool:
    """Whether a test is true in every so many iterations: it takes a remainder, or its names say so."""
    kind = type(test)
    if kind is ir.BinOp:
        return bool(test.op == "%") or _period(test.left) or _period(test.right)
    if kind is ir.Compare:
        return _period(test.left) or any(_period(right) for _, right in test.ops)
    if kind is ir.UnaryOp:
        return _period(test.value)
    if kind is ir.BoolOp:
        return any(_period(value) for value in test.values)
    name = test.id if kind is ir.Name else test.name if kind is ir.Attr else ""
    return bool(name) and _PERIOD.search(name) is not None


def _settled(run: Interpreter, value: Value, depth: int = 0) -> bool | None:
    """Whether a loss is scaled by something: yes, no, or not known."""
    if depth > 8:
        return None
    if type(value) is Union:
        states = {_settled(run, option, depth + 1) for option in value.options}
        return states.pop() if len(states) == 1 else None
    if type(value) is Obj and value.kind == "opaque":
        made = bool(value.sources) and not any(_is_loss(source) for source in value.sources)
        return False if made and _LOSS.search(value.name) else None
    if type(value) is not Tensor:
        return None
    if value.op == "view" and value.inputs:
        return _settled(run, value.inputs[0], depth + 1)
    if value.op == "loss":
        return id(value) in run.record.summed
    if value.op == "mean":
        return False
    if value.op == "add":
        states = {_settled(run, term, depth + 1) for term in value.inputs}
        return False if states == {False} else None
    if value.op == "unknown" and value.extra == "loss":
        return False
    return None if value.op in ("unknown", "output", "module") else True


def _is_loss(value: Value) -> bool:
    """Whether a value is a loss already, which a function that is not understood may scale."""
    return (type(value) is Tensor and value.op in ("loss", "mean")) or (
        type(value) is Obj and bool(_LOSS.search(value.name))
    )


def complete(run: Interpreter) -> None:
    """State where gradients of several batches are summed instead of averaged."""
    for one in run.record.timeline.grown:
        steps = [step for step in one.optimizer.fields.get("$steps", ()) if step[0] is one.loop.node]
        weighted = any(clock >= one.loop.start for clock in run.record.timeline.weighted)
        if (
            steps
            and all(step[1] and one.place in step[3] for step in steps)
            and run.record.read < one.clock
            and not weighted
        ):
            title = ownership.title(one.optimizer)
            run.record.state(Accumulated(one.place, steps[0][2], title, one.loop.place))


def summed(run: Interpreter, loss: Tensor, settings: dict[str, Value]) -> None:
    """Note a loss that is a sum over its batch: so are the gradients of several."""
    reduction = settings.get("reduction")
    average = settings.get("size_average")
    if (reduction is not None and not (type(reduction) is Const and reduction.value == "mean")) or average is not None:
        run.record.summed[id(loss)] = loss
