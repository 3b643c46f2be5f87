"""Which values of a measure are better, by what it was worked out from: losses when lower, hits when higher."""

from __future__ import annotations

from dnnlint.script import objects
from dnnlint.script.tables import metrics
from dnnlint.script.values import Const, Obj, Tensor, Value, options

_SAME = frozenset({"view", "mean", "sum", "exp", "log", "stack", "cat", "module"})
_EQUAL = frozenset({"==", "eq"})
_TURNED = {"lower": "higher", "higher": "lower"}
_DEEPEST = 16


def sense(value: Value, depth: int = 0) -> str | None:
    """Whether "lower" or "higher" values are better; None if that is not known, or losses and hits are mixed."""
    if depth > _DEEPEST:
        return None
    if type(value) is Obj and value.kind == "list":
        return _common(objects.contents(value), depth)
    if type(value) is not Tensor:
        return _common(options(value), depth) if type(value) is not Const and len(options(value)) > 1 else None
    if value.op == "loss":
        return "lower"
    if value.op in ("cut", "eq") and value.name in _EQUAL:
        return "higher"
    if value.op in _SAME or (value.op == "cut" and len(value.inputs) == 1 and not value.name.startswith("arg")):
        return _common(value.inputs, depth)
    if value.op == "neg":
        return _turned(_common(value.inputs, depth))
    return _combined(value, depth)


def _combined(value: Tensor, depth: int) -> str | None:
    """The sense of a sum, a difference, a product or a quotient."""
    operands = value.extra if isinstance(value.extra, tuple) and len(value.extra) == 2 else value.inputs
    if len(operands) != 2 or not all(isinstance(one, Value) for one in operands):
        return None
    left, right = operands
    if value.op == "add":
        return _common([one for one in operands if not (type(one) is Tensor and _again(one, value))], depth)
    if value.op == "sub":
        own, other = sense(left, depth + 1), _turned(sense(right, depth + 1))
        return (own or other) if type(left) is Const or type(right) is Const else None
    if value.op == "div":
        return sense(left, depth + 1) if not _varies(right) else None
    if value.op == "mul":
        measure, factor = (right, left) if not _varies(left) else (left, right)
        if _varies(factor):
            return None
        found = sense(measure, depth + 1)
        return _turned(found) if type(factor) is Const and _negative(factor) else found
    return None


def _again(one: Tensor, value: Tensor) -> bool:
    """Whether a sum holds itself, as it was one iteration ago."""
    return one.op == value.op and one.at == value.at


def _varies(value: Value) -> bool:
    """Whether a value is measured itself, rather than a count or a number."""
    return type(value) is Tensor and (value.op == "loss" or sense(value) is not None or bool(value.attached))


def _negative(factor: Const) -> bool:
    return isinstance(factor.value, (int, float)) and factor.value < 0


def _common(values: object, depth: int) -> str | None:
    """What all values agree on, numbers aside."""
    found = {sense(one, depth + 1) for one in values if type(one) is not Const}  # type: ignore[attr-defined]
    return found.pop() if len(found) == 1 else None


def _turned(found: str | None) -> str | None:
    return _TURNED[found] if found is not None else None


def best_of(name: str, value: Value) -> str | None:
    """Which values are better: by the name of a measure, or else by what it was worked out from."""
    return metrics.better(name) or sense(value)
