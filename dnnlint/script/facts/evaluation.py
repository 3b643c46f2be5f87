"""Network calls that look like evaluation, with what speaks for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.evidence.script import EvaluationPass
from dnnlint.script import graph
from dnnlint.script.facts import purpose
from dnnlint.script.networks import tree
from dnnlint.script.values import NetworkCall, Obj, Tensor

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_STATISTICS = re.compile(
    r"(?:^|_)bn(?:_|$)|batch_?norm|recalib|calibrat|running_stat|update_stat|precise", re.IGNORECASE
)

_PICTURES = re.compile(r"sampl|generat|visuali|plot|show|draw|render|save|demo|image", re.IGNORECASE)


def state(run: Interpreter, call: NetworkCall) -> None:
    """State that a network is evaluated, if names and loops speak for it and nothing for training."""
    found = evidence(run, call)
    if found is None:
        return
    loop = call.loops[-1] if call.loops else None
    leads = not any(_together(call, other) and other.clock < call.clock for other in run.record.calls)
    run.record.state(
        EvaluationPass(
            graph.forward(run, call, None),
            loop.place if loop is not None else None,
            found,
            call.grad,
            leads,
            _needs_grad(run, call),
            loop is not None and purpose.over_data(loop),
            _trained_elsewhere(run, call),
        )
    )


def _together(call: NetworkCall, other: NetworkCall) -> bool:
    """Whether two calls of networks are evaluations of one function and loop."""
    return other.functions == call.functions and other.loops[-1:] == call.loops[-1:] and other.place != call.place


def _needs_grad(run: Interpreter, call: NetworkCall) -> bool:
    """Whether a graph is built for a reason, or none is built although nothing says so."""
    if call.part or call.differentiated or run.record.curious or tree.partly_frozen(call.network):
        return True
    found = [graph.reach(value) for value in call.args]
    if any(run.record.wanted & one.ids for one in found):
        return True
    return any(type(node) is Tensor and node.op == "leaf" for one in found for node in one.nodes)


def evidence(run: Interpreter, call: NetworkCall) -> tuple[str, ...] | None:
    """What speaks for a network being evaluated; None if too little does, or anything for training."""
    if call.trained or purpose.unit_test(call.place.path):
        return None
    loop = call.loops[-1] if call.loops else None
    names = _names(call, loop)
    spelled = [name for name in names if purpose.evaluates(name)]
    if any(_STATISTICS.search(name) for name in call.functions):
        return None
    found = [f"name {name}" for name in spelled]
    if call.grad is False:
        found.append("no_grad")
    inside = _evaluating_frames(call)
    said = [name for name in call.names if purpose.evaluates(name)]
    if loop is not None and loop.learned and not inside and not said and not _held_out(call):
        return None
    over_data = loop is not None and purpose.over_data(loop)
    if not spelled and not (over_data and call.grad is False and not purpose.over_training_data(loop)):
        return None
    if not over_data and not (spelled and (call.grad is False or inside or said)):
        return None
    if loop is None and call.grad is not False and not _trained_elsewhere(run, call):
        return None
    if any(purpose.trains(name) for name in names) and not spelled:
        return None
    return tuple(found)


def _held_out(call: NetworkCall) -> bool:
    """Whether a network is fed from loaders of held-out data alone, if only by ``next(iter(test_loader))``."""
    if any(_PICTURES.search(name) for name in call.functions[1:]):
        return False
    loaders = [loader for value in call.args for loader in graph.reach(value).loaders]
    return bool(loaders) and all(purpose.evaluates(one.name) and not one.fields.get("$trains") for one in loaders)


def _evaluating_frames(call: NetworkCall) -> bool:
    return any(purpose.evaluates(name) and not purpose.trains(name) for name in call.functions[1:])


def _names(call: NetworkCall, loop: Loop | None) -> list[str]:
    names = list(call.functions[1:][-3:])
    if loop is not None:
        names.extend(purpose.loader_names(loop))
    for value in call.args:
        names.extend([source.name for source in graph.reach(value).loaders[:2]])
        if type(value) is Obj and value.name:
            names.append(value.name)
    names.extend(call.names)
    return [name for name in dict.fromkeys(names) if name and not name.startswith("<")]


def _trained_elsewhere(run: Interpreter, call: NetworkCall) -> bool:
    return any(other.trained and other.network is call.network for other in run.record.calls)
