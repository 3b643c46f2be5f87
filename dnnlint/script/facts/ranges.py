"""How far the values of a tensor are known to reach."""

from __future__ import annotations

from collections.abc import Callable

from dnnlint.script import objects, samples, transforms
from dnnlint.script.facts import forms
from dnnlint.script.values import Const, Obj, Tensor, Tuple, Union, Value

_DEEPEST = 12


def of(value: Value, depth: int = 0) -> tuple[float, float] | None:
    """Values that a tensor is known to go down and up to; it may go further."""
    if type(value) is Union and depth <= _DEEPEST:
        found = {of(option, depth + 1) for option in value.options}
        return found.pop() if len(found) == 1 else None
    if depth > _DEEPEST or type(value) is not Tensor:
        return None
    if value.op == "batch":
        return _reach_of_batch(value, depth)
    act = _REACH.get(value.name)
    if act is not None:
        return act(value)
    if value.op == "trigonometric" and value.name in ("sin", "cos"):
        return (-1.0, 1.0) if _spreads(value.inputs[0], depth) else None
    if value.op in ("add", "sub", "mul", "div") and isinstance(value.extra, tuple) and len(value.extra) == 2:
        return _combined(value, depth)
    if value.op in ("view", "cut", "sum", "leaf") and value.inputs and (value.name in forms.KEPT or value.op == "sum"):
        return of(value.inputs[0], depth + 1)
    return None


def _spreads(value: Value, depth: int) -> bool:
    """Whether a value is known to take both signs, by more than a full turn."""
    found = of(value, depth + 1)
    return found is not None and found[0] <= -2 and found[1] >= 2


def _reach_of_batch(tensor: Tensor, depth: int) -> tuple[float, float] | None:
    found = samples.origin(tensor)
    if found is not None and found.value is not None and found.kind in ("rows", "stack"):
        return of(found.value, depth + 1)
    return None


def _randint_reach(tensor: Tensor) -> tuple[float, float] | None:
    numbers = [value.value for value in tensor.args.positional if type(value) is Const and type(value.value) is int]
    if not numbers:
        return None
    low, high = (0, numbers[0]) if len(numbers) == 1 else numbers[:2]
    return (float(low), float(high - 1))


def _literal_reach(tensor: Tensor) -> tuple[float, float] | None:
    numbers = _numbers(tensor.args.get(0, "data"), 0) if tensor.args is not None else []
    return (min(numbers), max(numbers)) if numbers else None


def _numbers(value: Value | None, depth: int) -> list[float]:
    if type(value) is Const and isinstance(value.value, (int, float)):
        return [float(value.value)]
    if depth > 4 or not (type(value) is Tuple or (type(value) is Obj and value.kind == "list")):
        return []
    items = value.items if type(value) is Tuple else objects.contents(value)  # type: ignore[arg-type]
    return [number for item in items[:64] for number in _numbers(item, depth + 1)]


_REACH: dict[str, Callable[[Tensor], tuple[float, float] | None]] = {
    "randn": lambda tensor: (-2.0, 2.0),
    "rand": lambda tensor: (0.0, 1.0),
    "randint": _randint_reach,
    "tensor": _literal_reach,
    "FloatTensor": _literal_reach,
    "Tensor": _literal_reach,
}


def _combined(tensor: Tensor, depth: int) -> tuple[float, float] | None:
    """The reach of a sum, difference or multiple."""
    left, right = tensor.extra
    constant = right if type(right) is Const else left if type(left) is Const else None
    if constant is None:
        one, other = of(left, depth + 1), of(right, depth + 1)
        if tensor.op not in ("add", "sub") or one is None or other is None:
            return None
        return max((one, other), key=lambda found: found[1] - found[0])
    found = of(left if constant is right else right, depth + 1)
    number = constant.value
    if (
        found is None
        or not isinstance(number, (int, float))
        or (tensor.op == "div" and (constant is left or not number))
    ):
        return None
    if tensor.op in ("mul", "div"):
        ends = [end * number if tensor.op == "mul" else end / number for end in found]
    elif tensor.op == "add":
        ends = [end + number for end in found]
    else:
        ends = [number - end if constant is left else end - number for end in found]
    return (min(ends), max(ends))


def centred(value: Value, loaders: list[Obj]) -> bool:
    """Whether a target is the picture of a loader that normalises around zero."""
    while type(value) is Tensor and value.op == "view" and value.inputs:
        value = value.inputs[0]
    first = type(value) is Tensor and value.op == "batch" and value.name == "[]" and _index(value) == 0
    return first and any(transforms.centred(loader) for loader in loaders)


def _index(tensor: Tensor) -> object:
    index = tensor.args.positional[1]
    return index.value if type(index) is Const else None
