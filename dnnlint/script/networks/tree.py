"""The module tree: what is registered in what, and whether anything in it can learn."""

from __future__ import annotations

from typing import Any, TypeGuard

from dnnlint.script.code import Class
from dnnlint.script.tables.layers import LayerSpec
from dnnlint.script.values import Obj, Tensor, Union, Value, options

_MOST_MODULES = 300


def is_module(value: Any) -> TypeGuard[Obj]:
    """Whether a value is a module."""
    return type(value) is Obj and value.kind == "module"


def children(obj: Obj) -> list[tuple[str, Obj]]:
    """The modules registered directly in a module, with their attribute names."""
    found: list[tuple[str, Obj]] = []
    fields = obj.fields
    if "$spec" in fields and "$items" not in fields:
        return found  # a layer of a library
    for name, value in fields.items():
        kind = type(value)
        if kind is Obj:
            if value.kind == "module" and name[:1] != "$":
                found.append((name, value))
        elif kind is Union:
            found.extend([(name, option) for option in value.options if is_module(option)])
        elif name == "$items":
            entries = value.items() if kind is dict else enumerate(value)
            for key, item in entries:
                found.extend([(str(key), option) for option in options(item) if is_module(option)])
    return found


def descendants(obj: Obj) -> list[tuple[str, Obj]]:
    """A module and everything below it, each once, with attribute paths."""
    seen = {id(obj)}
    found = [("", obj)]
    for path, parent in found:
        for name, child in children(parent):
            if id(child) not in seen and len(found) < _MOST_MODULES:
                seen.add(id(child))
                found.append((f"{path}.{name}" if path else name, child))
    return found


def complete(obj: Obj) -> bool:
    """Whether a network is small enough for all of it to be known."""
    return len(descendants(obj)) < _MOST_MODULES


def within(part: Value, whole: Value) -> bool:
    """Whether one module is the other or is registered in it."""
    if part is whole:
        return True
    if type(whole) is not Obj or whole.kind != "module" or type(part) is not Obj:
        return False
    seen = {id(whole)}
    stack = [whole]
    while stack and len(seen) < _MOST_MODULES:
        for _, child in children(stack.pop()):
            if child is part:
                return True
            if id(child) not in seen:
                seen.add(id(child))
                stack.append(child)
    return False


def partly_frozen(obj: Obj) -> bool:
    """Whether parameters of a network were frozen: a part of it is meant to stay as it is."""
    return any(part.fields.get("$frozen") for _, part in descendants(obj))


def own_tensors(obj: Obj) -> list[tuple[str, Tensor]]:
    """The parameters that are registered directly in a module, or held by it as a ParameterList."""
    found = [(name, value) for name, value in obj.fields.items() if type(value) is Tensor and value.op == "parameter"]
    items = obj.fields.get("$items")
    if items and "$spec" in obj.fields:
        entries = items.items() if isinstance(items, dict) else enumerate(items)
        found += [(str(key), value) for key, value in entries if type(value) is Tensor and value.op == "parameter"]
    return found


def parametric(part: Obj) -> bool:
    """Whether a module is a layer of a library that has weights."""
    spec: LayerSpec | None = part.fields.get("$spec")
    return spec is not None and bool(spec.parametric)


def has_parameters(obj: Obj) -> bool | None:
    """Whether a network can learn; None if that cannot be told."""
    state: bool | None = False
    for _, part in descendants(obj):
        spec: LayerSpec | None = part.fields.get("$spec")
        if spec is not None and spec.parametric:
            return True
        if spec is None and type(part.cls) is not Class:
            return True
        if own_tensors(part):
            return True
        if any(type(v) is Obj and v.kind == "opaque" for k, v in part.fields.items() if k[:1] != "$"):
            state = None
        if part.fields.get("$open"):
            state = None
    return state
