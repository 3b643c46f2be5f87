"""A network as evidence: its layers, and the chains of operations in its forward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence.script import Network, Operation
from dnnlint.script import graph
from dnnlint.script.facts import nodes
from dnnlint.script.networks import tree
from dnnlint.script.values import Obj, Tensor

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def state(run: Interpreter, obj: Obj, operations: list[Tensor]) -> None:
    """State what a network is made of."""
    layers = tuple([nodes.layer(part, path) for path, part in tree.descendants(obj) if "$spec" in part.fields])
    run.record.state(Network(graph.title(obj), obj.at, layers, _chains(operations)))


def _chains(operations: list[Tensor]) -> tuple[tuple[Operation, ...], ...]:
    """Maximal runs of the data flow in which each operation feeds only the next one."""
    consumers: dict[int, list[Tensor]] = {}
    feeds: dict[int, list[Tensor]] = {}
    known = {id(tensor) for tensor in operations}
    for tensor in operations:
        feeders = [source for value in tensor.inputs for source in nodes.sources(value) if id(source) in known]
        feeds[id(tensor)] = feeders
        for source in feeders:
            consumers.setdefault(id(source), []).append(tensor)
    starts = [tensor for tensor in operations if not _follows(tensor, feeds, consumers)]
    chains = []
    for tensor in starts:
        chain = [nodes.operation(tensor)]
        current = tensor
        while True:
            following = consumers.get(id(current), [])
            if len(following) != 1 or not _follows(following[0], feeds, consumers):
                break
            current = following[0]
            chain.append(nodes.operation(current))
        if len(chain) > 1:
            chains.append(tuple(chain))
    return tuple(dict.fromkeys(chains))


def _follows(tensor: Tensor, feeds: dict[int, list[Tensor]], consumers: dict[int, list[Tensor]]) -> bool:
    """Whether an operation merely continues the one before it: one input, which nothing else uses."""
    feeders = feeds[id(tensor)]
    if len({id(source) for source in feeders}) != 1 or tensor.op in ("unknown", "module"):
        return False
    return len(consumers.get(id(feeders[0]), [])) == 1 and feeders[0].op not in ("unknown", "module")
