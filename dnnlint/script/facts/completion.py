"""What can be stated only after the whole file has been run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence.script import Loader, Network
from dnnlint.script import data, graph
from dnnlint.script import selections as choosing
from dnnlint.script.events import averages, devices, keepsakes, piling, scaling
from dnnlint.script.facts import (
    accumulation,
    chains,
    cuts,
    departures,
    evaluation,
    initialisation,
    loading,
    misgiven,
    missing,
    purpose,
    samples,
    schedules,
    selections,
    settings,
    small_batches,
    strays,
    structure,
    unowned,
)
from dnnlint.script.values import Obj

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def complete(run: Interpreter) -> None:
    """State everything that depends on the whole run."""
    for obj, operations in run.record.networks:
        chains.state(run, obj, operations)
        initialisation.state(run, operations)
    for obj in run.record.modules:
        found = strays.strays(obj, run.record.modules)
        if found:
            run.record.state(Network(graph.title(obj), obj.at, (), (), found))
    structure.state(run)
    for loader in run.record.loaders:
        _loader(run, loader)
    samples.state(run)
    for call in run.record.calls:
        evaluation.state(run, call)
    keepsakes.complete(run)
    for optimizer in run.record.optimizers:
        settings.state(run, optimizer)
    if run.record.schedules or run.record.beats:
        schedules.state(run)
    for left in run.record.left:
        departures.state(run, left)
    averages.complete(run)
    departures.single(run)
    devices.complete(run)
    small_batches.state(run)
    selections.state(run)
    choosing.state(run)
    if not run.record.partial:
        cuts.state(run)
        scaling.complete(run)
        missing.state(run)
        unowned.state(run, misgiven.state(run))
        piling.complete(run)
        for kept in run.record.kept:
            accumulation.state(run, kept)


def _loader(run: Interpreter, loader: Obj) -> None:
    loading.state(run, loader, _trains(run, loader))
    order = data.Order(run, loader)
    evaluates = purpose.evaluates(loader.name) and not purpose.trains(loader.name)
    run.record.state(
        Loader(
            loader.at,
            loader.name,
            _trains(run, loader),
            evaluates,
            order.shuffle,
            order.sampler,
            order.iterable,
            order.ordered,
            order.batch_size,
            order.samples,
            order.explicit,
            loading.arguments(run, loader, order),
        )
    )


def _trains(run: Interpreter, loader: Obj) -> bool:
    """Whether batches are stepped on; where no optimiser is in sight, whether they are learned from."""
    return bool(loader.fields.get("$trains") or (loader.fields.get("$learned") and not run.record.optimizers))
