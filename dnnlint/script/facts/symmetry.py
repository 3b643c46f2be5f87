"""Hidden layers whose weights all start at one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import EqualUnits, Init
from dnnlint.script.facts import nodes
from dnnlint.script.values import Const, Obj, Tensor

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_CHAINED = vocabulary.ACTIVATIONS | vocabulary.NORMALISATIONS | {"pool", "view", "dropout"}
_MIXING = vocabulary.DENSE | {"recurrent"}
_FARTHEST = 8


def state(run: Interpreter, operations: list[Tensor]) -> None:
    """State the layers of a network that start symmetric, with what feeds on them."""
    equal = [tensor for tensor in operations if _constant(tensor) is not None]
    if not equal:
        return
    consumers: dict[int, list[Tensor]] = {}
    for tensor in operations:
        for value in tensor.inputs:
            for source in nodes.sources(value):
                consumers.setdefault(id(source), []).append(tensor)
    found = [fact for tensor in equal if (fact := _equal(tensor, consumers)) is not None]
    for first in {fact.init.place: fact for fact in reversed(found)}.values():
        alike = [fact for fact in found if fact.init.place == first.init.place]
        run.record.state(next((fact for fact in alike if fact.next_equal), first)._replace(layers=len(alike)))


def _equal(tensor: Tensor, consumers: dict[int, list[Tensor]]) -> EqualUnits | None:
    init, behind = _constant(tensor), _behind(tensor, consumers)
    if init is None or tensor.layer is None or behind is None:
        return None
    activations, following = behind
    layer, alike = nodes.layer(tensor.layer), _constant(following) is not None
    return EqualUnits(layer, init, tuple(activations), alike, _no_bias(tensor.layer))


def _constant(tensor: Tensor) -> Init | None:
    """How the weights of an operation were set to one number; None if they were not."""
    layer = tensor.layer
    if layer is None or tensor.op not in _MIXING or layer.fields.get("$frozen"):
        return None
    init: Init | None = layer.fields.get("$init")
    groups = layer.fields.get("$args", {}).get("groups")
    if init is None or init.distribution != "constant" or init.value is None or groups is not None:
        return None
    return init


def _behind(tensor: Tensor, consumers: dict[int, list[Tensor]]) -> tuple[list[str], Tensor] | None:
    """The activations between a layer and the next one, and that one; None if the flow parts or ends before."""
    activations: list[str] = []
    current = tensor
    for _ in range(_FARTHEST):
        following = consumers.get(id(current), [])
        if len(following) != 1:
            return None
        current = following[0]
        if current.op in _MIXING and current.layer is not None:
            return activations, current
        if current.op not in _CHAINED:
            return None
        if current.op in vocabulary.ACTIVATIONS:
            activations.append(current.op)
    return None


def _no_bias(layer: Obj) -> bool:
    """Whether the biases of a layer are certainly zero, or it has none."""
    bias = layer.fields["$args"].get("bias")
    if type(bias) is Const and bias.value is False:
        return True
    init: Init | None = layer.fields.get("$bias")
    return init is not None and init.distribution == "constant" and init.value == 0
