"""What networks are made of, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.script.events import masks, restoring
from dnnlint.script.facts import purpose, registration, shapes, stacking, symmetry, unused

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def state(run: Interpreter) -> None:
    """State the faults of networks that show in how they are built and in what flows through them."""
    record = run.record
    tested = purpose.unit_test(run.main.path)  # networks of unit tests are made for anything but learning
    for obj, operations in record.networks if not tested else ():
        stacking.state(run, obj, operations, record.results.get(id(operations)))
        symmetry.state(run, operations)
        shapes.state(run, operations, record.entrances.get(id(operations)))
    applied = {id(tensor.layer) for _, operations in record.networks for tensor in operations}
    for obj in record.modules:
        registration.state(run, obj)
        if not tested:
            unused.state(run, obj, applied)
    for layer, fact in record.built:
        if not {"$init", "$frozen", "weight"} & layer.fields.keys():  # a fixed filter is given its weights
            record.state(fact)
    restoring.complete(run)
    masks.complete(run)
