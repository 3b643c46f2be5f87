"""What data sets keep their samples in."""

from __future__ import annotations

from typing import Any

from dnnlint.script.values import Iteration, Obj, Tensor, Tuple, Union


def members(value: Any) -> list[Any]:
    """What a field holds, as far as that is known."""
    if type(value) is Tensor:
        return [value]
    if type(value) is Obj and value.kind == "list":
        return list(value.fields.get("$items", ()))
    if type(value) is Iteration:
        return [value.item] if value.item is not None else list(value.items or ())
    return list(value.items) if type(value) is Tuple else []


def is_array(value: Any) -> bool:
    """Whether a value is an array or a tensor."""
    return type(value) is Tensor or (type(value) is Obj and bool(value.fields.get("$array")))


def in_memory(value: Any) -> bool:
    """Whether a field holds its members in memory, so that what is taken out of it is a part of it."""
    if type(value) is Union:
        return all(in_memory(option) for option in value.options)
    if type(value) is Obj:
        return value.kind in ("list", "dict") or bool(value.fields.get("$array"))
    return type(value) is Tensor and value.op != "unknown"
