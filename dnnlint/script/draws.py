"""How weights are drawn: distributions, their spread, and what an initialiser or a factor makes of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Init
from dnnlint.script import parameters
from dnnlint.script.code import Args
from dnnlint.script.events import restoring
from dnnlint.script.values import NOWHERE, Const, Obj, Tensor, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "sigmoid"), 1.0),
    "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4,
}  # fmt: skip
_BY_FANS = ("xavier_", "kaiming_", "orthogonal_")


def number(args: Args, index: int, name: str, fallback: float | None) -> float | None:
    """A numeric argument; None if it is given but not known."""
    value = args.get(index, name)
    if value is None:
        return None if args.open else fallback
    if type(value) is Const and isinstance(value.value, (int, float)):
        return float(value.value)
    return None


def drawn(name: str, args: Args, first: int) -> tuple[str, float | None]:
    """Distribution and standard deviation that an initialiser gives; ``first`` is where its own arguments begin."""
    if name in ("normal_", "trunc_normal_", "normal"):
        return "normal", number(args, first + 1, "std", 1.0)
    if name in ("uniform_", "uniform"):
        low_name, high_name = ("a", "b") if first else ("from", "to")
        low, high = number(args, first, low_name, 0.0), number(args, first + 1, high_name, 1.0)
        return "uniform", None if low is None or high is None else abs(high - low) / math.sqrt(12)
    if name in ("constant_", "zeros_", "ones_", "fill_", "zero_"):
        return "constant", 0.0
    return "other", None


def constant(name: str, args: Args, first: int) -> float | None:
    """The number that an initialiser sets all weights to; None if there is no such number."""
    if name in ("zeros_", "zero_"):
        return 0.0
    if name == "ones_":
        return 1.0
    return number(args, first, "val" if first else "value", None) if name in ("constant_", "fill_") else None


def gain(args: Args) -> Any:
    """What ``calculate_gain`` returns for a nonlinearity; ``...`` if it is not known."""
    name = args.get(0, "nonlinearity")
    kind = name.value if type(name) is Const else ...
    if kind == "leaky_relu":
        slope = number(args, 1, "param", 0.01)
        return ... if slope is None else math.sqrt(2 / (1 + slope**2))
    return _GAINS.get(kind, ...) if isinstance(kind, str) else ...


def initialise(run: Interpreter, tensor: Value, name: str, args: Args, first: int, node: Any) -> None:
    """An initialiser was applied to a tensor."""
    for option in options(tensor):
        if type(option) is Tensor and option.op in ("cut", "view") and option.inputs:
            initialise(run, option.inputs[0], name, args, first, node)
        elif type(option) is Tensor and option.op == "fresh":
            if any(word in name for word in ("uniform", "normal", "orthogonal")):
                run.record.drawn.append(option)
        elif type(option) is Tensor and option.op == "parameter" and option.layer is not None:
            distribution, std = drawn(name, args, first)
            if name.startswith(_BY_FANS) and option.extra == "weight":
                std = _by_fans(option.layer, name, args, first)
            init = Init(run.place(node), distribution, std, constant(name, args, first))
            if option.extra == "weight":
                restoring.drawn(run, option.layer, node)
                run.write(option.layer.fields, "$init", init)
            elif option.extra == "bias":
                run.write(option.layer.fields, "$bias", init)
        elif type(option) is Tensor and option.op in ("parameter", "leaf", "fresh"):
            _draw(option, run.place(node), *drawn(name, args, first))


def _draw(tensor: Tensor, place: Place, distribution: str, std: float | None) -> None:
    """A tensor that is no layer's is drawn in place; its shape stays."""
    while tensor.inputs and type(tensor.inputs[0]) is Tensor:
        tensor = tensor.inputs[0]
    if type(tensor.extra) is tuple and len(tensor.extra) == 3 and tensor.extra[0] in ("empty", "normal", "uniform"):
        tensor.extra, tensor.at = (distribution, std, tensor.extra[2]), place


def _by_fans(layer: Obj, name: str, args: Args, first: int) -> float | None:
    """Standard deviation of weights drawn by a rule of fans, which for as many inputs as outputs is gain / sqrt(n).

    Glorot and Bengio (2010), He et al. (2015), Saxe et al. (2014). Where the fans differ, a factor of sqrt(2) at most
    is neglected.
    """
    inputs = parameters.fan_in(layer)
    if name.startswith("kaiming_"):
        slope, way = number(args, first, "a", 0.0), args.get(first + 2, "nonlinearity")
        known = way is None or (type(way) is Const and way.value in ("leaky_relu", "relu"))
        factor = math.sqrt(2 / (1 + slope**2)) if slope is not None and known else None
    else:
        factor = number(args, first, "gain", 1.0)
    return None if factor is None or not inputs else factor / math.sqrt(inputs)


def rescale(run: Interpreter, tensor: Tensor, factor: Value, node: Any) -> None:
    """A layer's weight was multiplied in place."""
    layer = tensor.layer
    if layer is None or tensor.extra != "weight":
        return
    init: Init | None = layer.fields.get("$init")
    std = None
    if init is not None and init.std is not None and type(factor) is Const and isinstance(factor.value, (int, float)):
        std = init.std * abs(factor.value)
    kept = init.value if init is not None and std is not None and init.distribution == "constant" else None
    value = kept * factor.value if kept is not None and type(factor) is Const else None
    run.write(layer.fields, "$init", Init(run.place(node), init.distribution if init else "other", std, value))


def assign(run: Interpreter, tensor: Tensor, value: Value, node: Any) -> None:
    """A layer's weight was replaced or overwritten by a tensor."""
    if tensor.layer is None or tensor.extra != "weight":
        return
    spread = spread_of(value)
    init = Init(run.place(node), spread[0], spread[1]) if spread else Init(run.place(node), "other", None)
    run.write(tensor.layer.fields, "$init", init)


def spread_of(value: Value) -> tuple[str, float | None] | None:
    """Distribution and standard deviation of a tensor freshly drawn and scaled by known numbers."""
    if type(value) is not Tensor:
        return None
    if value.op == "fresh" or (value.op == "leaf" and not value.inputs):
        return (value.extra[0], value.extra[1]) if isinstance(value.extra, tuple) else None
    if value.op in ("view", "parameter", "leaf") and value.inputs:
        return spread_of(value.inputs[0])
    if value.op in ("mul", "div", "sub", "add") and isinstance(value.extra, tuple):
        left, right = value.extra
        inner = spread_of(left) or spread_of(right)
        other = right if spread_of(left) else left
        if inner is None or inner[1] is None or type(other) is not Const or not isinstance(other.value, (int, float)):
            return inner and (inner[0], None)
        if value.op in ("add", "sub"):
            return inner
        factor = abs(other.value)
        if value.op == "div" and (other is left or not factor):
            return inner[0], None
        return inner[0], inner[1] * factor if value.op == "mul" else inner[1] / factor
    return None


def shape_of(value: Value) -> tuple[tuple[int, ...] | None, Place]:
    """The shape of a tensor that was drawn and scaled, and where it was drawn."""
    while type(value) is Tensor and value.inputs:
        inputs = [part for part in value.inputs if type(part) is Tensor]
        if value.op not in ("view", "parameter", "leaf", "mul", "div", "add", "sub") or len(inputs) != 1:
            return None, NOWHERE
        value = inputs[0]
    if type(value) is Tensor and isinstance(value.extra, tuple) and len(value.extra) > 2:
        return value.extra[2], value.at
    return None, NOWHERE
