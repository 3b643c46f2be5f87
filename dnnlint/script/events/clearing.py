"""Gradients are cleared: all of an optimiser's, those of a network, or one parameter's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import parameters
from dnnlint.script.events import gradients, ownership
from dnnlint.script.networks import tree
from dnnlint.script.values import Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def clear(run: Interpreter, target: Obj | None, node: Any) -> None:
    """Gradients of an optimiser, a network, or of something unknown (None) were cleared."""
    run.record.events += 1
    place = run.place(node)
    for optimizer in list(run.record.optimizers):
        whole = True if target is None or optimizer is target else ownership.covers(run, target, optimizer)
        if whole is False:
            continue
        run.record.clears.append((run.tick(), optimizer))
        if target is None:
            run.write(optimizer.fields, "$gradients", _unknown(place))
        elif whole is None:
            _clear_part(run, target, optimizer, place)
        else:
            run.write(optimizer.fields, "$gradients", _cleared(gradients.paths(optimizer), place))


def _clear_part(run: Interpreter, target: Obj, optimizer: Obj, place: Place) -> None:
    """A network that holds part of an optimiser's parameters was cleared; the parts may add up to the whole."""
    owners = optimizer.fields.get("$owners", ())
    before: frozenset[gradients.Path] = optimizer.fields.get("$pending") or gradients.paths(optimizer)
    parts = {*optimizer.fields.get("$parts", ()), *[id(owner) for owner in owners if tree.within(owner, target)]}
    whole = bool(owners) and optimizer.fields.get("$known") and all(id(owner) in parts for owner in owners)
    run.write(optimizer.fields, "$gradients", _cleared(before, place) if whole else _unknown(place))
    run.write(optimizer.fields, "$pending", None if whole else before)
    run.write(optimizer.fields, "$parts", () if whole else tuple(parts))


def _cleared(paths: frozenset[gradients.Path], place: Place) -> frozenset[gradients.Path]:
    return frozenset({gradients.cleared(path, place) for path in paths})


def _unknown(place: Place) -> frozenset[gradients.Path]:
    return frozenset({("unknown", None, place)})


def clear_tensor(run: Interpreter, tensor: Value, node: Any) -> None:
    """The gradient of one parameter was cleared by hand."""
    run.record.read = run.record.before  # to clear it is not to look at it
    owner = parameters.owner_of(tensor) if type(tensor) is Tensor else tensor
    if type(owner) is Obj and ownership.is_optimizer(owner):
        clear(run, ownership.register(run, owner), node)
        return
    if type(owner) is Obj and owner.kind == "module":
        for optimizer in run.record.optimizers:
            if any(tree.within(owner, known) for known in optimizer.fields.get("$owners", ())):
                clear(run, optimizer, node)
                return
    clear(run, None, node)
