"""Tensors that are kept together with the graph that made them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.evidence.script import Accumulation
from dnnlint.script import flow, graph
from dnnlint.script.facts import purpose
from dnnlint.script.values import NOWHERE, Iteration, Obj, Tensor, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.events.retention import Around, Kept
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_LOSS = re.compile(r"loss|cost|error|objective", re.IGNORECASE)
_MOST_PARTS = 40


def state(run: Interpreter, kept: Kept) -> None:
    """State that something which outlives the iteration grows by a graph with each one."""
    record = run.record
    if kept.container is None and any(id(one) in record.learned for one in (kept.result, *options(kept.result))):
        return
    if kept.container is not None and id(kept.container) in record.read_lists:
        return
    for around in kept.loops:
        loop = around.loop
        if (loop.learned or purpose.over_data(loop)) and not _over_parts(loop):
            if _holds_graph(run, kept, around):
                record.state(Accumulation(around.place, kept.how, kept.target, loop.place, around.inner))
            return


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


def _holds_graph(run: Interpreter, kept: Kept, around: Around) -> bool:
    found = graph.reach(kept.new)
    state = flow.carries(kept.new)
    backed = any(id(node) in run.record.learned for node in _views(kept.new))
    fresh = [call for call in found.calls if call.clock >= around.clock]
    if state is False:
        return False
    if backed and (fresh or (not found.calls and not _given(kept.new, around.loop))):
        return True
    return state is True and bool(fresh)


def _given(value: Value, loop: Loop) -> bool:
    """Whether a value of unknown class is a part of what the loop goes over, such as labels: no graph leads to it."""
    if _LOSS.search(getattr(value, "name", "")) or not purpose.over_data(loop):
        return False
    data = purpose.sources(loop)
    seen = [value]
    for one in seen:
        if any(one is source for source in data):
            continue
        if type(one) is Union:
            seen.extend(one.options)
        elif type(one) is Tensor and one.op in ("batch", "view", "unknown") and one.inputs:
            seen.extend(one.inputs)
        elif type(one) is Obj and one.kind == "opaque" and one.at == NOWHERE and one.sources:
            seen.extend(one.sources)
        else:  # what an unknown function returned, or something else altogether
            return False
        if len(seen) > _MOST_PARTS:
            return False
    return True
