"""What never happened: steps that no backward pass fed, and backward passes that nothing stepped on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import MissingBackward, MissingStep, TrainingStep
from dnnlint.script import graph, ir, spelling
from dnnlint.script.events import ownership, timeline
from dnnlint.script.facts import purpose
from dnnlint.script.values import NOWHERE, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.events.timeline import Fed, Stepped, Timeline
    from dnnlint.script.interpreter import Interpreter


def state(run: Interpreter) -> None:
    """State which optimisers are never stepped, and which are never fed."""
    if run.record.partial or run.record.hand is not None:
        return
    line = run.record.timeline
    trained = {fact.backward for fact in run.record.facts if type(fact) is TrainingStep}
    alone = [one for one in line.stepped if not ownership.owned(one.optimizer)]
    said: list[Obj] = []
    for fed in line.fed:
        if (fed.place in trained and (alone or not _apart(run, fed))) or any(
            timeline.alike(fed.optimizer, one) for one in said
        ):
            continue
        if _never_stepped(run, fed):
            said.append(fed.optimizer)
            built = fed.optimizer.at if fed.optimizer.at != NOWHERE else None
            title = ownership.title(fed.optimizer)
            run.record.state(MissingStep(fed.place, title, built, fed.loops[-1].place))
    for step in line.stepped:
        loss = _never_fed(run, step)
        if loss is not None:
            title = ownership.title(step.optimizer)
            run.record.state(MissingBackward(step.place, loss, title, step.loops[-1].place))


def _never_stepped(run: Interpreter, fed: Fed) -> bool:
    """Whether gradients are computed for an optimiser in a loop, and nothing can step it."""
    line, optimizer = run.record.timeline, fed.optimizer
    if not fed.loops or any(type(loop.node) is ir.FunctionDef for loop in fed.loops) or _handed_on(optimizer):
        return False
    if line.loose or run.record.read >= fed.clock or purpose.unit_test(fed.place.path):
        return False
    if any(timeline.alike(one.optimizer, optimizer) or _maybe(one.optimizer, optimizer) for one in line.stepped):
        return False
    loop = fed.loops[-1]
    cleared = any(clock > loop.start and one is optimizer for clock, one in run.record.clears)
    if optimizer.kind == "opaque":
        opaque = {id(one) for clock, one in run.record.clears if clock > loop.start and one.kind == "opaque"}
        return cleared and len(opaque) == 1
    return fed.sure and (cleared or any(purpose.over_data(one) for one in fed.loops))


def _maybe(unknown: Obj, optimizer: Obj) -> bool:
    """Whether something of unknown kind that is stepped may be an optimiser, going by what both are named for."""
    if unknown.kind != "opaque":
        return False
    mine, theirs = spelling.words(optimizer.name), spelling.words(unknown.name)
    return not mine or not theirs or bool(mine & theirs)


def _apart(run: Interpreter, fed: Fed) -> bool:
    """Whether an optimiser is cleared, shares nothing with those that step, and its name is stepped nowhere."""
    optimizer = fed.optimizer
    if not fed.loops or not any(one is optimizer and clock > fed.loops[-1].start for clock, one in run.record.clears):
        return False
    mine = ownership.owned(optimizer)
    others = {id(one.optimizer): one.optimizer for one in run.record.timeline.stepped}.values()
    shared = any(ownership.share(optimizer, other) for other in others)
    return bool(mine) and not shared and optimizer.name not in run.steppers()


def _never_fed(run: Interpreter, step: Stepped) -> Place | None:
    """The loss of an optimiser's network in the loop of its steps, if nothing ever back-propagates it."""
    line, optimizer = run.record.timeline, step.optimizer
    if not step.loops or step.strange or _handed_on(optimizer) or purpose.unit_test(step.place.path):
        return None
    if any(timeline.alike(fed.optimizer, optimizer) for fed in line.fed):
        return None
    loop = step.loops[-1]
    end = max(one.clock for one in line.stepped if loop in one.loops)
    if any(loop.start <= clock <= end for clock in line.leaks):
        return None
    for clock, value, place in line.losses:
        if loop.start < clock <= step.clock and not _used(line, value) and _concerns(optimizer, value):
            return place
    return None


def _used(line: Timeline, loss: Value) -> bool:
    """Whether a backward pass starts from a loss, or from what was made of it, if only after its graph was cut."""
    return any(id(loss) in passed.reach.ids for passed in line.passed)


def _concerns(optimizer: Obj, loss: Value) -> bool:
    """Whether a loss is computed with a network that an optimiser holds."""
    reach = graph.reach(loss)
    if ownership.owned(optimizer):
        return ownership.reads(optimizer, reach) is True
    return bool(reach.calls)


def _handed_on(optimizer: Obj) -> bool:
    """Whether something that is not understood got hold of an optimiser."""
    return bool(optimizer.fields.get("$escaped"))
