"""Loops left early, told apart: training, or the evaluation of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence.script import LeftLoop, PartialEvaluation
from dnnlint.script import graph
from dnnlint.script.facts import evaluation

if TYPE_CHECKING:
    from dnnlint.script.events.departure import Left
    from dnnlint.script.interpreter import Interpreter
    from dnnlint.script.values import NetworkCall, Obj


def state(run: Interpreter, left: Left) -> None:
    """State that a loop is left early, if it trains or evaluates."""
    if left.trains:
        if left.limit is None:
            run.record.state(LeftLoop(left.place, left.loop, left.how, left.over_data))
        return
    found = [evidence for call in left.calls if (evidence := evaluation.evidence(run, call)) is not None]
    if found and left.over_data:
        run.record.state(PartialEvaluation(left.place, left.loop, left.how, left.limit, found[0]))


def single(run: Interpreter) -> None:
    """State the evaluations that take one batch of held-out data, and give a score of it."""
    for place, func, loader in run.record.taken:
        calls = [call for call in run.record.calls if func.name in call.functions and _fed(call, loader)]
        found = [evidence for call in calls if (evidence := evaluation.evidence(run, call)) is not None]
        if found:
            run.record.state(PartialEvaluation(place, place, "next", None, found[0]))


def _fed(call: NetworkCall, loader: Obj) -> bool:
    return any(loader is one for value in call.args for one in graph.reach(value).loaders)
