"""A backward pass: what it reaches learns, and the optimisers that own it have gradients to step on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import graph, searches
from dnnlint.script.events import carried, gradients, order, ownership, piling, scaling, starts
from dnnlint.script.values import Value

if TYPE_CHECKING:
    from dnnlint.diagnostic import Place
    from dnnlint.script.interpreter import Interpreter

_PENDING = 8  # backward passes that a step may still belong to


def backward(run: Interpreter, value: Value, node: Any, seeded: bool = True) -> None:
    """A backward pass from a value; ``seeded`` if it does not have to be a single number."""
    run.record.events += 1
    run.record.backwards += 1
    run.tick()
    reach = graph.reach(value)
    place = run.place(node)
    carried.backpropagated(run, reach, place)
    _remember(run, reach, place)
    starts.judge(run, value, reach, node, seeded)
    _mark_learned(run, reach)
    searches.observe(run, place)  # a training run starts here: is it inside a lattice of hyper-parameters?
    readers = [(one, sure) for one in run.record.optimizers if (sure := ownership.reads(one, reach)) is not False]
    order.fed(run, reach, place, readers)
    scaling.backward(run, reach, [one for one, _ in readers])
    if not seeded:
        piling.grown(run, value, place, [one for one, _ in readers])
    for optimizer, _ in readers:
        new = frozenset({gradients.written(path, place) for path in gradients.paths(optimizer)})
        run.write(optimizer.fields, "$gradients", new)
        run.write(optimizer.fields, "$pending", None)
        run.write(optimizer.fields, "$parts", gradients.NO_PARTS)


def _remember(run: Interpreter, reach: graph.Reach, place: Place) -> None:
    record = run.record
    record.passes[place] = reach
    record.when[place] = run.clock
    record.pending = [*record.pending[1 - _PENDING :], reach]
    record.learned |= reach.live
    record.read_lists |= reach.lists
    record.alive.append(reach.nodes)


def _mark_learned(run: Interpreter, reach: graph.Reach) -> None:
    for call in reach.calls:
        call.trained = True
    for loader in reach.loaders if run.loops else ():
        loader.fields["$learned"] = True
        if not any(loader is known for known in run.record.loaders):
            run.record.loaders.append(loader)  # made by an imported file
    for loop in run.loops:
        loop.learned = True
