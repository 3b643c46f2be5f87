"""Which objects are optimisers, and whose parameters each of them owns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.script import graph
from dnnlint.script.code import Class
from dnnlint.script.events import gradients
from dnnlint.script.networks import tree
from dnnlint.script.values import Obj

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_OPTIMIZER_NAME = re.compile(r"opt(?:im(?:izer|iser)?)?s?(?:_|\d|$)|optim|solver|^adam|^sgd", re.IGNORECASE)
_SCHEDULER_NAME = re.compile(r"sched|warm|lr_|_lr|lr$|decay|plateau", re.IGNORECASE)


def register(run: Interpreter, obj: Obj) -> Obj:
    """Make an object known as an optimiser."""
    if not any(obj is known for known in run.record.optimizers):
        run.record.optimizers.append(obj)
        if "$gradients" not in obj.fields:
            run.write(obj.fields, "$gradients", gradients.START)
    return obj


def is_optimizer(obj: Obj) -> bool:
    """Whether an object is an optimiser: by class, by what was done with it, or by its name."""
    if obj.kind == "optimizer" or obj.fields.get("$cleared"):
        return True
    return obj.kind == "opaque" and bool(_OPTIMIZER_NAME.search(obj.name)) and not _SCHEDULER_NAME.search(obj.name)


def title(optimizer: Obj) -> str:
    """What an optimiser is called in a message: its class, or its name."""
    if isinstance(optimizer.cls, str):
        return optimizer.cls.rpartition(".")[2]
    return optimizer.cls.name if type(optimizer.cls) is Class else optimizer.name or "optimizer"


def reads(optimizer: Obj, reach: graph.Reach) -> bool | None:
    """Whether an optimiser reads gradients that a backward pass writes."""
    owners = optimizer.fields.get("$owners", ())
    if any(owner is call.network for call in reach.calls for owner in owners):
        return True
    for owner in owners:
        for module in reach.modules:
            if tree.within(owner, module) or tree.within(module, owner):
                return True
    if any(id(owner) in reach.ids for owner in owners):
        return True
    return None if reach.unknown or not optimizer.fields.get("$known") else False


def covers(run: Interpreter, target: Obj, optimizer: Obj) -> bool | None:
    """Whether a network (or optimiser) holds all that an optimiser reads: yes, no, or in part or unknown."""
    if is_optimizer(target):
        both = optimizer.kind == "optimizer" and target.kind == "optimizer"
        return None if both and _share(target, optimizer) else False
    owners = optimizer.fields.get("$owners", ())
    if owners and all(owner is target for owner in owners):
        return True
    if not owners and len(run.record.optimizers) == 1 and run.record.passes:
        *_, reach = run.record.passes.values()
        if reach.calls and all(call.network is target for call in reach.calls):
            return True  # the only network that learns, the only optimiser
    if not optimizer.fields.get("$known") or target.kind == "opaque":
        return None
    inside = [tree.within(owner, target) for owner in owners]
    if all(inside):
        return True
    return None if any(inside) or any(tree.within(target, owner) for owner in owners) else False


def _share(one: Obj, other: Obj) -> bool:
    """Whether two optimisers own parameters of one network."""
    a, b = one.fields.get("$owners", ()), other.fields.get("$owners", ())
    return any(tree.within(x, y) or tree.within(y, x) for x in a for y in b)
