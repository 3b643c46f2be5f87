"""Weights that the script initialises, and the activations that follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import Init, WeightInit
from dnnlint.script.facts import nodes
from dnnlint.script.values import Tensor

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


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
        one.op in ("mul", "lerp") or (one.op in ("view", "sub") and depth < 4 and _gates(one, consumers, depth + 1))
        for one in following
    )
