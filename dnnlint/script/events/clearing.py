"""Gradients are cleared: all of an optimiser's, those of a network, or one parameter's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import parameters
from dnnlint.script.events import gradients, ownership, windows
from dnnlint.script.networks import tree
from dnnlint.script.values import ZEROS, Const, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def clear(run: Interpreter, target: Obj | None, node: Any) -> None:
    """Gradients of an optimiser, a network, or of something unknown (None) were cleared."""
    run.record.events += 1
    place = run.place(node)
    run.record.looked[place] = run.record.read
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
            windows.cleared(run, optimizer, place)
            run.write(optimizer.fields, "$gradients", _cleared(gradients.paths(optimizer), place))


def _clear_part(run: Interpreter, target: Obj, optimizer: Obj, place: Place) -> None:
    """A network that holds part of an optimiser's parameters was cleared; the parts may add up to the whole."""
    owners = ownership.owned(optimizer)
    before: frozenset[gradients.Path] = optimizer.fields.get("$pending") or gradients.paths(optimizer)
    known: gradients.Parts = optimizer.fields.get("$parts") or gradients.NO_PARTS
    parts = known.ids | {id(owner) for owner in owners if tree.within(owner, target)}
    whole = bool(owners) and optimizer.fields.get("$known") and all(id(owner) in parts for owner in owners)
    run.write(optimizer.fields, "$gradients", _cleared(before, place) if whole else _unknown(place))
    run.write(optimizer.fields, "$pending", None if whole else before)
    run.write(optimizer.fields, "$parts", gradients.NO_PARTS if whole else gradients.Parts(parts))


def _cleared(paths: frozenset[gradients.Path], place: Place) -> frozenset[gradients.Path]:
    return frozenset({gradients.cleared(path, place) for path in paths})


def _unknown(place: Place) -> frozenset[gradients.Path]:
    return frozenset({("unknown", None, place)})


def replaced(run: Interpreter, tensor: Value, value: Value, node: Any) -> None:
    """``p.grad = value``: what had been added up is gone, and what is there now is empty or not known."""
    run.record.read = run.record.before  # to replace it is not to look at it
    if empty(value):
        clear_tensor(run, tensor, node)
        return
    for optimizer in _readers(run, tensor) or list(run.record.optimizers):
        run.record.clears.append((run.tick(), optimizer))
        run.write(optimizer.fields, "$gradients", gradients.FOREIGN)


def empty(value: Value) -> bool:
    """Whether a value leaves nothing in a gradient: None, or zeros."""
    if type(value) is Const:
        return value.value is None
    while type(value) is Tensor and value.op in ("view", "cut") and value.inputs and value.extra != ZEROS:
        value = value.inputs[0]
    if type(value) is not Tensor:
        return False
    if value.op == "mul" and isinstance(value.extra, tuple):  # p.grad *= 0
        return any(type(factor) is Const and factor.value == 0 for factor in value.extra)
    return bool(value.extra == ZEROS)


def clear_tensor(run: Interpreter, tensor: Value, node: Any) -> None:
    """The gradient of one parameter was cleared by hand; whoever clears one clears them all, in a loop or by name."""
    run.record.read = run.record.before  # to clear it is not to look at it
    readers = _readers(run, tensor)
    for optimizer in readers:
        clear(run, optimizer, node)
    if not readers:
        clear(run, None, node)


def _readers(run: Interpreter, tensor: Value) -> list[Obj]:
    """The optimisers that are known to read the gradient of a parameter."""
    owner = parameters.owner_of(tensor) if type(tensor) is Tensor else tensor
    if type(owner) is Obj and ownership.is_optimizer(owner):
        return [ownership.register(run, owner)]
    if type(owner) is Obj and owner.kind == "module":
        return [one for one in run.record.optimizers if any(tree.within(owner, own) for own in ownership.owned(one))]
    return [one for one in run.record.optimizers if any(own is tensor or own is owner for own in ownership.owned(one))]
