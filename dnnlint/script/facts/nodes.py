"""Nodes of the data flow as evidence: layers, and the operations they and functions are."""

from __future__ import annotations

from dnnlint.evidence.script import Layer, Operation
from dnnlint.script import objects, parameters
from dnnlint.script.code import Class
from dnnlint.script.values import Obj, Tensor, Tuple, Value, options


def layer(obj: Obj, path: str = "") -> Layer:
    """A layer as evidence."""
    kind = obj.cls.name if type(obj.cls) is Class else str(obj.cls).rpartition(".")[2]
    return Layer(kind, obj.at, parameters.fan_in(obj), parameters.units(obj), path)


def operation(tensor: Tensor) -> Operation:
    """A node of the data flow as evidence."""
    return Operation(tensor.op, tensor.at, layer(tensor.layer) if tensor.layer is not None else None)


def sources(value: Value, depth: int = 0) -> list[Tensor]:
    """The tensors that a value is, or that a container holds."""
    if type(value) is Tensor:
        return [value]
    if depth > 3:
        return []
    if type(value) is Tuple or (type(value) is Obj and value.kind in ("list", "dict")):
        inner = value.items if type(value) is Tuple else objects.contents(value)  # type: ignore[arg-type]
        return [source for item in inner for source in sources(item, depth + 1)]
    return [source for option in options(value) if type(option) is Tensor for source in [option]]


def title(obj: Obj) -> str:
    """What a message calls a network: its class, or its variable."""
    return obj.cls.name if type(obj.cls) is Class else obj.name or str(obj.cls or "the network").rpartition(".")[2]
