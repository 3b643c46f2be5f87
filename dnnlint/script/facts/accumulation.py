"""Tensors that are kept together with the graph that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence.script import Accumulation
from dnnlint.script import flow, graph
from dnnlint.script.facts import purpose
from dnnlint.script.values import Iteration, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.events.retention import Kept
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter


def state(run: Interpreter, kept: Kept) -> None:
    """State that something which outlives the iteration grows by a graph with each one."""
    record = run.record
    if id(kept.result) in record.learned and kept.container is None:
        return
    if kept.container is not None and id(kept.container) in record.read_lists:
        return
    loop = kept.loop
    if _over_parts(loop) or not (loop.learned or purpose.over_data(loop)) or not _holds_graph(run, kept):
        return
    record.state(Accumulation(kept.place, kept.how, kept.target, loop.place, kept.inner))


def _over_parts(loop: Loop) -> bool:
    """A loop over modules or terms of a loss: no iteration over data, though a backward pass may run in it."""
    items = loop.iterable.items if type(loop.iterable) is Iteration else None
    return bool(items) and any(type(item) is Obj or type(item) is Tensor for item in items or ())


def _views(value: Value) -> list[Value]:
    """A tensor and what it is a mere view of: ``loss``, ``loss.float()``."""
    found = [value]
    while type(found[-1]) is Tensor and found[-1].op == "view" and found[-1].inputs:
        found.append(found[-1].inputs[0])
    return found


def _holds_graph(run: Interpreter, kept: Kept) -> bool:
    found = graph.reach(kept.new)
    state = flow.carries(kept.new)
    backed = any(id(node) in run.record.learned for node in _views(kept.new))
    fresh = [call for call in found.calls if call.clock >= kept.clock]
    if state is False:
        return False
    if backed and (fresh or not found.calls):
        return True
    return state is True and bool(fresh)
