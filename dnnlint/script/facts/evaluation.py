"""Network calls that look like evaluation, with what speaks for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.evidence.script import EvaluationPass
from dnnlint.script import graph
from dnnlint.script.facts import purpose
from dnnlint.script.values import NetworkCall, Obj

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_STATISTICS = re.compile(
    r"(?:^|_)bn(?:_|$)|batch_?norm|recalib|calibrat|running_stat|update_stat|precise", re.IGNORECASE
)

_PICTURES = re.compile(r"sampl|generat|visuali|plot|show|draw|render|save|demo|image", re.IGNORECASE)


def state(run: Interpreter, call: NetworkCall) -> None:
    """State that a network is evaluated, if names and loops speak for it and nothing for training."""
    if call.trained or purpose.unit_test(call.place.path):
        return
    loop = call.loops[-1] if call.loops else None
    names = _names(call, loop)
    spelled = [name for name in names if purpose.evaluates(name)]
    if any(_STATISTICS.search(name) for name in call.functions):
        return
    evidence = [f"name {name}" for name in spelled]
    if call.grad is False:
        evidence.append("no_grad")
    inside = _evaluating_frames(call)
    said = [name for name in call.names if purpose.evaluates(name)]
    if loop is not None and loop.learned and not inside and not said and not _held_out(call):
        return
    over_data = loop is not None and purpose.over_data(loop)
    if not spelled and not (over_data and call.grad is False and not purpose.over_training_data(loop)):
        return
    if not over_data and not (spelled and (call.grad is False or inside or said)):
        return
    if loop is None and call.grad is not False and not _trained_elsewhere(run, call):
        return
    if any(purpose.trains(name) for name in names) and not spelled:
        return
    place = loop.place if loop is not None else None
    run.record.state(EvaluationPass(graph.forward(run, call, None), place, tuple(evidence), call.grad))


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
