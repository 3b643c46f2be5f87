"""Whether data and its gradient flow through a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.script import objects
from dnnlint.script.values import Class, Const, Ext, Func, Iteration, Module, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def unknown(sources: tuple[Value, ...] | list[Value], name: str = "") -> Obj:
    """Something nothing is known of, except what it may have been made from."""
    return Obj("opaque", name=name, sources=tuple(value for value in sources if flows(value)))


def flows(value: Value) -> bool:
    """Whether data (and gradient) can flow through a value."""
    kind = type(value)
    if kind is Tensor:
        return True
    if kind is Obj:
        obj: Obj = value  # type: ignore[assignment]
        if obj.kind == "list":
            return any(flows(item) for item in obj.fields.get("$items", ()))
        if obj.kind == "dict":
            return any(flows(item) for item in obj.fields.get("$items", {}).values())
        return obj.kind in ("loader", "dataset") or (obj.kind == "opaque" and bool(obj.sources or obj.name))
    if kind is Union:
        return any(flows(option) for option in options(value))
    if kind is Tuple:
        return any(flows(item) for item in value.items)  # type: ignore[attr-defined]
    if kind is Iteration:
        return value.source is not None or (value.item is not None and flows(value.item))  # type: ignore[attr-defined]
    return False


def tensorial(value: Value) -> bool:
    """Whether a value is taken for a tensor in arithmetic."""
    kind = type(value)
    if kind is Tensor:
        return True
    if kind is Union:
        return any(tensorial(option) for option in options(value))
    return kind is Obj and value.kind == "opaque" and bool(value.sources)  # type: ignore[attr-defined]


def attached(run: Interpreter, inputs: tuple[Value, ...] | list[Value]) -> bool | None:
    """Whether the result of an operation on these inputs carries a graph here."""
    grad = run.flags["grad"]
    if grad is False:
        return False
    state: bool | None = False
    for value in inputs:
        one = carries(value)
        if one:
            return True if grad else None
        if one is None:
            state = None
    return state


def carries(value: Value) -> bool | None:
    """Whether a value holds a graph: True, False, or None for "cannot be told"."""
    kind = type(value)
    if kind is Tensor:
        return value.attached  # type: ignore[attr-defined, no-any-return]
    if kind in (Const, Ext, Func, Class, Module):
        return False
    if kind is Union or kind is Tuple:
        states = {carries(item) for item in (value.options if kind is Union else value.items)}  # type: ignore[attr-defined]
        return states.pop() if len(states) == 1 else (None if None in states or kind is Union else True)
    if kind is Obj and value.kind in ("list", "dict"):  # type: ignore[attr-defined]
        items = objects.contents(value)  # type: ignore[arg-type]
        states = {carries(item) for item in items}
        return True if True in states else (None if None in states else False)
    if kind is Obj and value.kind == "opaque":  # type: ignore[attr-defined]
        return None
    return False
