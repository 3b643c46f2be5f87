"""Whether data and its gradient flow through a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.script import objects
from dnnlint.script.values import Iteration, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def unknown(sources: tuple[Value, ...] | list[Value], name: str = "") -> Obj:
    """Something nothing is known of, except what it may have been made from."""
    return Obj("opaque", name=name, sources=tuple(value for value in sources if flows(value)))


_DEEPEST = 6  # containers inside containers


def flows(value: Value, depth: int = 0) -> bool:
    """Whether data (and gradient) can flow through a value; a list may hold itself, so the look is a short one."""
    kind = type(value)
    if kind is Tensor:
        return True
    if depth > _DEEPEST:
        return False
    if kind is Obj:
        return _object_flows(value, depth)  # type: ignore[arg-type]
    if kind is Union:
        return any(flows(option, depth + 1) for option in options(value))
    if kind is Tuple:
        return any(flows(item, depth + 1) for item in value.items)  # type: ignore[attr-defined]
    if kind is Iteration:
        return value.source is not None or (value.item is not None and flows(value.item, depth + 1))  # type: ignore[attr-defined]
    return False


def _object_flows(obj: Obj, depth: int) -> bool:
    if obj.kind == "opaque":
        return bool(obj.sources or obj.name)
    if obj.kind in ("list", "dict"):
        return any(flows(item, depth + 1) for item in objects.contents(obj))
    return obj.kind in ("loader", "dataset")


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


def carries(value: Value, depth: int = 0) -> bool | None:
    """Whether a value holds a graph: True, False, or None for "cannot be told"."""
    kind = type(value)
    if kind is Tensor:
        return value.attached  # type: ignore[attr-defined, no-any-return]
    if depth > _DEEPEST:
        return None
    if kind is Union:
        states = {carries(option, depth + 1) for option in value.options}  # type: ignore[attr-defined]
        return states.pop() if len(states) == 1 else None
    if kind is Tuple or (kind is Obj and value.kind in ("list", "dict")):  # type: ignore[attr-defined]
        items = value.items if kind is Tuple else objects.contents(value)  # type: ignore[attr-defined, arg-type]
        states = {carries(item, depth + 1) for item in items}
        return True if True in states else (None if None in states else False)
    return None if kind is Obj and value.kind == "opaque" else False  # type: ignore[attr-defined]
