"""Optimisers that were given the wrong network: one that another holds too, or not the one they are named for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence.script import Mode, Unowned
from dnnlint.script import graph, spelling
from dnnlint.script.events import ownership, timeline
from dnnlint.script.facts import purpose, unowned
from dnnlint.script.networks import tree
from dnnlint.script.values import NetworkCall, Obj

if TYPE_CHECKING:
    from dnnlint.script.events.timeline import Passed
    from dnnlint.script.interpreter import Interpreter


def state(run: Interpreter) -> set[int]:
    """State which optimisers hold another network than they should, while that one is held by none: which, by id."""
    record = run.record
    said: set[int] = set()
    if record.partial or record.hand is not None or not all(map(unowned.plain, record.optimizers)):
        return said
    stepped = [one for one in record.optimizers if any(one is step.optimizer for step in record.timeline.stepped)]
    held = {id(part) for one in record.optimizers for part in one.fields.get("$held", ())}
    seen: set[int] = set()
    for passed in record.timeline.passed if held else ():
        for call in passed.reach.calls:
            if id(call.network) in seen or purpose.unit_test(passed.place.path) or not _free(passed, call, held):
                continue
            seen.add(id(call.network))
            if _blame(run, passed, call.network, stepped):
                said.add(id(call.network))
    return said


def _free(passed: Passed, call: NetworkCall, held: set[int]) -> bool:
    """Whether a network gets gradients and no optimiser has anything of it."""
    network = call.network
    if call.grad is False or network.kind != "module" or any(mode is Mode.EVAL for mode, _, _ in call.modes):
        return False
    parts = [part for _, part in tree.descendants(network)]
    layers = [part for part in parts if tree.parametric(part)]
    if not layers or not tree.complete(network) or any(id(part) in held for part in layers):
        return False
    if unowned.FIXED.search(graph.title(network)) or any(part.fields.get("$frozen") for part in parts):
        return False
    return any(layer in layers and not layer.fields.get("$tied") for layer in unowned.learning(passed, False))


def _blame(run: Interpreter, passed: Passed, network: Obj, stepped: list[Obj]) -> bool:
    """State which optimiser should hold a network: the one that is named for it, or one of two that hold the same."""
    names = spelling.words(network.name)
    for one in stepped:
        owners = {name for owner in ownership.owned(one) for name in spelling.words(getattr(owner, "name", ""))}
        twin = next((other for other in stepped if _twins(one, other)), None)
        named = bool(names & spelling.words(one.name)) and not owners & spelling.words(one.name)
        later = (
            twin is not None and one.fields["$taken"] > twin.fields["$taken"] and not names & spelling.words(twin.name)
        )
        if (named or later) and one.fields["$taken"] > network.fields.get("$from", 0):
            fault = "foreign" if twin is None else "doubled"
            title = ownership.title(one)
            run.record.state(Unowned(title, one.at, fault, graph.title(network), network.at, passed.place))
            return True
    return False


def _twins(one: Obj, other: Obj) -> bool:
    """Whether two optimisers hold the same networks, and nothing else."""
    if one is other or timeline.alike(one, other) or one.name == other.name:
        return False
    mine, theirs = ownership.owned(one), ownership.owned(other)
    return bool(mine) and all(map(tree.is_module, mine)) and {id(x) for x in mine} == {id(x) for x in theirs}
