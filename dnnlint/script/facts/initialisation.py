"""Weights that the script initialises, and the activations that follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import Init, Layer, WeightInit
from dnnlint.script import draws
from dnnlint.script.facts import nodes
from dnnlint.script.values import Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOST_TERMS = 8


def state(run: Interpreter, operations: list[Tensor]) -> None:
    """State how the weights behind some operations were initialised."""
    consumers: dict[int, list[Tensor]] = {}
    for tensor in operations:
        for value in tensor.inputs:
            for source in nodes.sources(value):
                consumers.setdefault(id(source), []).append(tensor)
    for tensor in operations:
        init: Init | None = tensor.layer.fields.get("$init") if tensor.layer is not None else None
        if init is None or tensor.op not in vocabulary.WEIGHTED or tensor.layer is None:
            continue
        found = [nodes.operation(one) for one in _activations(tensor, consumers)]
        run.record.state(WeightInit(nodes.layer(tensor.layer), init, tuple(found)))


def _activations(tensor: Tensor, consumers: dict[int, list[Tensor]], depth: int = 0) -> list[Tensor]:
    """Activations applied directly to an output; gates (whose result is multiplied) are left out."""
    found = []
    for following in consumers.get(id(tensor), []):
        if following.op == "view" and depth < 6:
            found.extend(_activations(following, consumers, depth + 1))
        elif following.op in vocabulary.ACTIVATIONS and not _gates(following, consumers):
            found.append(following)
    return found


def _gates(tensor: Tensor, consumers: dict[int, list[Tensor]], depth: int = 0) -> bool:
    following = consumers.get(id(tensor), [])
    return bool(following) and all(
        (one.op in ("mul", "lerp") and _several(one))
        or (one.op in ("view", "sub") and depth < 4 and _gates(one, consumers, depth + 1))
        for one in following
    )


def _several(tensor: Tensor) -> bool:
    """Whether a product is one of several tensors: a factor that is a setting scales and gates nothing."""
    made = [value for value in tensor.inputs if type(value) is not Obj or value.sources or value.kind != "opaque"]
    return len(made) > 1


def state_of_tensors(run: Interpreter, activation: Tensor) -> None:
    """State how a weight was drawn that is no layer's: ``torch.tanh(x @ W + b)``."""
    for weight, axis in _products(activation.inputs[0]) if activation.inputs else ():
        spread = draws.spread_of(weight)
        shape, place = draws.shape_of(weight)
        if spread is None or spread[1] is None or shape is None or len(shape) != 2:
            continue
        layer = Layer("weight", place, shape[axis], shape[1 - axis])
        run.record.state(WeightInit(layer, Init(place, *spread), (nodes.operation(activation),)))


def _products(value: Value) -> list[tuple[Tensor, int]]:
    """The weights of the matrix products in a sum, each with the axis that is summed over."""
    found: list[tuple[Tensor, int]] = []
    terms = [_peeled(value)]
    while terms and len(found) < _MOST_TERMS:
        term = terms.pop()
        if term.op in ("add", "sub"):
            terms.extend(_peeled(part) for part in term.inputs[:_MOST_TERMS])
        elif (product := _product(term)) is not None:
            found.append(product)
    return found


def _product(product: Tensor) -> tuple[Tensor, int] | None:
    """The weight of a matrix product, and which of its axes is summed over."""
    operands = product.extra if isinstance(product.extra, tuple) and len(product.extra) == 2 else product.inputs[:2]
    if len(operands) != 2 or product.layer is not None or product.op not in ("matmul", "linear"):
        return None
    left, right = operands
    if _learns(right) and (product.op == "linear" or not _learns(left)):
        return right, int(product.op == "linear")
    return (left, 1) if _learns(left) and not _learns(right) else None


def _peeled(value: Value) -> Tensor:
    """A tensor without the changes of its shape; what is no tensor is an empty operation."""
    while type(value) is Tensor and value.op == "view" and value.inputs:
        value = value.inputs[0]
    return value if type(value) is Tensor else Tensor("unknown")


def _learns(value: Value) -> TypeGuard[Tensor]:
    return type(value) is Tensor and value.op in ("leaf", "parameter")
