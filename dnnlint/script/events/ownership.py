"""Which objects are optimisers, and whose parameters each of them owns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.script import graph
from dnnlint.script.code import Class
from dnnlint.script.events import gradients
from dnnlint.script.networks import tree
from dnnlint.script.values import Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_OPTIMIZER_NAME = re.compile(r"opt(?:im(?:izer|iser)?)?s?(?:_|\d|$)|optim|solver|^adam|^sgd", re.IGNORECASE)
# What is known of every optimiser from the start, so that a path on which nothing happens counts as one.
_BEGINNING: tuple[tuple[str, Any], ...] = (("$step", (0, None, False)), ("$fed", (0, None)), ("$amp", ""))
_SCHEDULER_NAME = re.compile(r"sched|warm|lr_|_lr|lr$|decay|plateau", re.IGNORECASE)


def register(run: Interpreter, obj: Obj) -> Obj:
    """Make an object known as an optimiser."""
    if not any(obj is known for known in run.record.optimizers):
        run.record.optimizers.append(obj)
        for name, start in _BEGINNING:
            obj.fields.setdefault(name, start)
        if "$gradients" not in obj.fields:
            run.write(obj.fields, "$gradients", gradients.START)
            run.write(obj.fields, "$parts", gradients.NO_PARTS)
    return obj


def is_optimizer(obj: Obj) -> bool:
    """Whether an object is an optimiser: by class, by what was done with it, or by its name."""
    if obj.kind == "optimizer" or obj.fields.get("$cleared"):
        return True
    return obj.kind == "opaque" and bool(_OPTIMIZER_NAME.search(obj.name)) and not _SCHEDULER_NAME.search(obj.name)


def owned(optimizer: Obj) -> tuple[Value, ...]:
    """The modules and single tensors whose parameters an optimiser was given, as far as they are known."""
    owners: tuple[Value, ...] = optimizer.fields.get("$owners", ())
    return owners


def resolved(owners: list[Value], known: bool) -> tuple[list[Value], bool]:
    """Owners of parameters, with those of another optimiser in its place: it was asked for its parameter groups."""
    others = [owner for owner in owners if type(owner) is Obj and owner.kind == "optimizer" and owned(owner)]
    if not others:
        return owners, known
    inner = [owner for other in others for owner in owned(other)]
    whole = len(others) == len(owners) and all(bool(other.fields.get("$known")) for other in others)
    return [*(owner for owner in owners if owner not in others), *inner], whole


def title(optimizer: Obj) -> str:
    """What an optimiser is called in a message: its class, or its name."""
    if isinstance(optimizer.cls, str):
        return optimizer.cls.rpartition(".")[2]
    return optimizer.cls.name if type(optimizer.cls) is Class else optimizer.name or "optimizer"


def reads(optimizer: Obj, reach: graph.Reach) -> bool | None:
    """Whether an optimiser reads gradients that a backward pass writes."""
    owners = owned(optimizer)
    if any(owner is call.network for call in reach.calls for owner in owners):
        return True
    for owner in owners:
        if type(owner) is Obj and any(id(part) in reach.known for _, part in tree.descendants(owner)):
            return True
    if any(tree.within(owner, module) for owner in owners for module in reach.modules):
        return True
    if any(id(owner) in reach.ids for owner in owners):
        return True
    if any(id(tensor) in reach.ids for owner in owners for tensor in _single_tensors(owner)):
        return True
    return None if reach.unknown or not optimizer.fields.get("$known") else False


def _single_tensors(owner: Value) -> list[Value]:
    """The parameters of a module that belong to no layer."""
    parts = tree.descendants(owner) if tree.is_module(owner) else []
    return [tensor for _, part in parts for _, tensor in tree.own_tensors(part)]


def covers(run: Interpreter, target: Obj, optimizer: Obj) -> bool | None:
    """Whether a network (or optimiser) holds all that an optimiser reads: yes, no, or in part or unknown."""
    if is_optimizer(target):
        both = optimizer.kind == "optimizer" and target.kind == "optimizer"
        if both and optimizer.fields.get("$known") and _owns_all(target, optimizer):
            return True
        return None if both and share(target, optimizer) else False
    owners = owned(optimizer)
    if owners and all(owner is target for owner in owners):
        return True
    if not owners and len(run.record.optimizers) == 1 and run.record.passes:
        *_, reach = run.record.passes.values()
        if reach.calls and all(call.network is target for call in reach.calls):
            return True  # the only network that learns, the only optimiser
    if not optimizer.fields.get("$known") or target.kind == "opaque":
        return None
    inside = [_inside(owner, target) for owner in owners]
    if all(inside):
        return True
    unclear = any(state is not False for state in inside) or any(tree.within(target, owner) for owner in owners)
    return None if unclear else False


def _inside(owner: Value, target: Obj) -> bool | None:
    """Whether a module or a single tensor is part of a network; None if nothing tells where a tensor comes from."""
    if type(owner) is not Tensor:
        return tree.within(owner, target)
    if any(value is owner for _, part in tree.descendants(target) for value in part.fields.values()):
        return True
    return None if owner.op == "parameter" or target.fields.get("$open") else False


def _owns_all(one: Obj, other: Obj) -> bool:
    """Whether all that an optimiser owns belongs to another one as well."""
    return all(any(owner is whole or tree.within(owner, whole) for whole in owned(one)) for owner in owned(other))


def share(one: Obj, other: Obj) -> bool:
    """Whether two optimisers own parameters of one network."""
    return any(tree.within(x, y) or tree.within(y, x) for x in owned(one) for y in owned(other))
