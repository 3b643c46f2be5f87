"""Tensors that a network is to learn, but that ``nn.Module`` does not know as parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.evidence.script import LooseParameter
from dnnlint.script import objects
from dnnlint.script.code import Class, Func
from dnnlint.script.facts import nodes
from dnnlint.script.networks import tree
from dnnlint.script.values import Obj, Tensor, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_WEIGHT = re.compile(r"^_?(?:weights?|bias(?:es)?|kernel|w|b|wx|wh)(?:_?\d+|_[a-z]{1,3}|_?(?:in|out|hidden))?$", re.I)
_DERIVED = frozenset({"view", "mul", "div", "add", "sub", "neg", "cut"})
_SELF = frozenset({"float", "contiguous", "cpu", "requires_grad_", "type", "detach", "data"})  # may return it as it is
_APPLIED = frozenset({"matmul", "linear", "conv", "conv_transpose"})
_LISTING = ("parameters", "named_parameters", "state_dict")


def state(run: Interpreter, obj: Obj) -> None:
    """State the learnable tensors of a network that are registered nowhere."""
    if type(obj.cls) is not Class or obj.fields.get("$open") or any(type(obj.cls.find(x)) is Func for x in _LISTING):
        return
    known = {id(tensor) for _, part in tree.descendants(obj) for _, tensor in tree.own_tensors(part)}
    known |= {id(owner) for optimizer in run.record.optimizers for owner in optimizer.fields.get("$owners", ())}
    for name, value in obj.fields.items():
        place = obj.fields.get("$at " + name)
        if name[:1] == "$" or place is None or not isinstance(value, Value):
            continue
        how = _how(run, value, known)
        if how is None and _acts_as_weight(run, name, value):
            how = "random"
        if how is not None:
            run.record.state(LooseParameter(place, name, nodes.title(obj), how))


def _how(run: Interpreter, value: Value, known: set[int]) -> str | None:
    """Why a value is no parameter though it was made to learn; None if it is one, or was not made to."""
    if id(value) in known:
        return None
    if type(value) is Tensor:
        if value.op == "leaf":
            return "leaf" if _made_here(value) else None
        return "derived" if value.op in _DERIVED and _from_parameter(value, known) else None
    members = _members(value)
    loose = [one for one in members if type(one) is Tensor and one.op in ("parameter", "leaf") and one.layer is None]
    if loose and len(loose) == len(members) and not any(id(one) in known for one in loose):
        return "container" if all(_made_here(one) for one in loose) else None
    return None


def _made_here(tensor: Tensor) -> bool:
    """Whether a tensor is fresh, and not a part or the data of something else."""
    return not isinstance(tensor.extra, Obj) and all(
        type(part) is Tensor and part.op in ("fresh", *_DERIVED) for part in tensor.inputs
    )


def _from_parameter(value: Tensor, known: set[int]) -> bool:
    """Whether a tensor is computed from one new parameter and numbers: ``nn.Parameter(w).cuda()``."""
    while type(value) is Tensor and value.op in _DERIVED and value.attached:
        inputs = [part for part in value.inputs if type(part) is Tensor]
        if value.name in _SELF or len(inputs) != 1 or len(value.inputs) != 1:
            return False
        value = inputs[0]
    return (
        value.op == "parameter" and value.layer is None and id(value) not in known and not isinstance(value.extra, Obj)
    )


def _members(value: Value) -> list[Value]:
    if type(value) is Tuple:
        return list(value.items)
    if type(value) is not Obj:
        return []
    if value.kind == "parameters":
        return list(value.fields["$owners"])
    return objects.contents(value) if value.kind in ("list", "dict") else []


def _acts_as_weight(run: Interpreter, name: str, value: Value) -> bool:
    """Whether a random tensor called like a weight is what data is multiplied with."""
    if type(value) is not Tensor or not _WEIGHT.search(name):
        return False
    if not _drawn(value) and not any(one is value for one in run.record.drawn):
        return False
    return any(
        tensor.op in _APPLIED and any(part is value for part in (*tensor.inputs, *_operands(tensor)))
        for _, operations in run.record.networks
        for tensor in operations
    )


def _operands(tensor: Tensor) -> tuple[object, ...]:
    return tensor.extra if isinstance(tensor.extra, tuple) else ()


def _drawn(value: Tensor) -> bool:
    while value.op in ("mul", "div", "view") and value.inputs and type(value.inputs[0]) is Tensor:
        value = value.inputs[0]
    if value.op == "fill" and value.name in ("normal_", "uniform_"):
        return True
    return value.op == "fresh" and isinstance(value.extra, tuple) and value.extra[0] in ("normal", "uniform")
