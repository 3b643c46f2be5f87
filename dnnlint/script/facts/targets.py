"""What is known of the target of a loss: type, form, shape, range, and whether padding is counted in."""

from __future__ import annotations

from collections.abc import Callable

from dnnlint.diagnostic import Place
from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import Target
from dnnlint.script import extents, flow, objects, samples, transforms
from dnnlint.script.tables import inverted, words
from dnnlint.script.values import NOWHERE, Const, Ext, Obj, Tensor, Tuple, Union, Value

_DEEPEST = 40
_INTEGER = "int"
_FLOAT = "float"
_UNSAID = "unsaid"
_CASTS = inverted(
    {
        _INTEGER: """long int short byte LongTensor IntTensor ShortTensor ByteTensor randint randperm argmax argmin
            argsort argtopk one_hot bincount nonzero int64 int32 int16 int8 uint8""",
        _FLOAT: """float double half bfloat16 FloatTensor DoubleTensor HalfTensor float32 float64 float16 rand randn
            linspace softmax""",
        "bool": "bool BoolTensor == != < > <= >= eq ne lt gt le ge",
    }
)
_KEPT = frozenset(
    words(
        """long int short byte float double half to type type_as cpu cuda numpy astype detach data squeeze unsqueeze view
        reshape flatten contiguous clone expand expand_as permute transpose T t tensor as_tensor from_numpy LongTensor
        FloatTensor Tensor Variable [] [:] ravel bool requires_grad_"""
    )
)
_PICKED = frozenset({"masked_select", "pack_padded_sequence", "pack_sequence", "index_select"})
_FLOATING = vocabulary.ACTIVATIONS | vocabulary.WEIGHTED | {"div", "log", "exp", "sqrt", "mean", "normalize"}


def target(value: Value) -> Target:
    """The target of a loss as evidence."""
    form, source = form_of(value)
    padded, masked = padding(value)
    return Target(
        value.at if type(value) is Tensor and value.at != NOWHERE else None,
        dtype(value),
        form,
        source,
        extents.of(value),
        reach(value),
        flow.carries(value) is True and _from_network(value),
        padded,
        _column(value),
        masked,
    )


def _column(value: Value) -> bool:
    """``target.unsqueeze(1)``: at the end, or in the second place of what has one axis."""
    return type(value) is Tensor and value.name == "unsqueeze" and extents.integer(value, 1, "dim") in (1, -1)


def _from_network(value: Value) -> bool:
    """Whether a value is what a network puts out, changes of shape aside."""
    while type(value) is Tensor and value.call is None and value.op == "view" and value.inputs:
        value = value.inputs[0]
    return type(value) is Tensor and value.call is not None


# types


def dtype(value: Value, depth: int = 0) -> str | None:
    """Whether a tensor holds whole numbers, real numbers or truth values; None if it is not known."""
    if depth > _DEEPEST:
        return None
    if type(value) is Union:
        found = {dtype(option, depth + 1) for option in value.options}
        return found.pop() if len(found) == 1 else None
    if type(value) is Const:
        return _number(value.value)
    if type(value) is not Tensor:
        return None
    if value.op == "batch":
        return _of_batch(value, depth)
    given = _given(value)
    if given != _UNSAID:
        return given
    if value.name in _CASTS:
        return _CASTS[value.name]
    if value.name == "row" and value.extra is not None:
        return _INTEGER
    if value.op in _FLOATING or value.layer is not None:
        return _FLOAT
    if value.name in ("tensor", "array", "asarray", "as_tensor") and value.args is not None:
        return _literal(value.args.get(0, "data"), depth)
    if value.name in ("zeros", "ones", "empty", "Tensor", "full"):
        return _FLOAT
    if (
        value.op in ("view", "cut", "shuffled", "output", "sum", "max", "min", "masked_fill", "clamp", "scatter")
        and value.inputs
    ):
        return dtype(value.inputs[0], depth + 1)
    if value.op in ("add", "sub", "mul") and isinstance(value.extra, tuple):
        found = {dtype(part, depth + 1) for part in value.extra}
        return _FLOAT if _FLOAT in found else None
    return None


def _number(value: object) -> str | None:
    if isinstance(value, bool):
        return "bool"
    return _INTEGER if isinstance(value, int) else _FLOAT if isinstance(value, float) else None


def _given(tensor: Tensor) -> str | None:
    """The type that an argument names: ``dtype=torch.long``, ``.to(torch.float32)``; _UNSAID if none does."""
    if tensor.args is None:
        return _UNSAID
    wanted = tensor.args.keywords.get("dtype")
    if wanted is None and tensor.name in ("to", "type", "astype", "tensor", "as_tensor"):
        candidates = [one for one in tensor.args.positional[1:] if type(one) in (Ext, Const) and _typed(one)]
        wanted = candidates[0] if candidates else None
        if wanted is None and tensor.name in ("type", "astype"):
            return None
    if wanted is None or (type(wanted) is Const and wanted.value is None):
        return _UNSAID
    return _typed(wanted)


def _typed(value: Value) -> str | None:
    name = value.dotted if type(value) is Ext else value.value if type(value) is Const else ""
    return _CASTS.get(name.rpartition(".")[2]) if isinstance(name, str) else None


def _literal(value: Value | None, depth: int) -> str | None:
    if value is None or depth > _DEEPEST:
        return None
    if type(value) is Tuple or (type(value) is Obj and value.kind == "list"):
        items = value.items if type(value) is Tuple else objects.contents(value)  # type: ignore[arg-type]
        found = {_literal(item, depth + 1) for item in items}
        return _FLOAT if _FLOAT in found else found.pop() if len(found) == 1 else None
    return dtype(value, depth + 1)


def _of_batch(tensor: Tensor, depth: int) -> str | None:
    found = samples.origin(tensor)
    if found is None:
        return None
    if found.kind == "classes":
        return _INTEGER
    return dtype(found.value, depth + 1) if found.value is not None else None


# classes


def form_of(value: Value, depth: int = 0) -> tuple[str | None, str]:
    """Whether a value is known to hold indices of classes or one-hot rows, and what makes it so."""
    if depth > _DEEPEST:
        return None, ""
    if type(value) is Union:
        found = {form_of(option, depth + 1) for option in value.options}
        return found.pop() if len(found) == 1 else (None, "")
    if type(value) is not Tensor:
        return None, ""
    if value.op == "batch":
        origin = samples.origin(value)
        if origin is None:
            return None, ""
        if origin.kind == "classes":
            return "indices", origin.source
        return form_of(origin.value, depth + 1) if origin.value is not None else (None, "")
    if value.name == "one_hot":
        return "one_hot", "one_hot"
    if value.name == "row" and isinstance(value.extra, tuple) and value.extra[0] == "classes":
        return "indices", value.extra[1]
    if value.name in ("argmax", "randint") and value.op in ("cut", "fresh"):
        return "indices", value.name
    if value.name == "[]" and _identity(value.inputs[0]) and type(value.args.positional[1]) is not Const:
        return "one_hot", "eye"
    if value.op == "scatter" and value.name in ("scatter", "scatter_") and _zeros(value.inputs[0]):
        return "one_hot", "scatter"
    if (value.name in _KEPT or value.op == "shuffled") and value.inputs:
        return form_of(value.inputs[0], depth + 1)
    return None, ""


def _identity(value: Value) -> bool:
    while type(value) is Tensor and value.op == "view" and value.inputs:
        value = value.inputs[0]
    return type(value) is Tensor and value.name == "eye"


def _zeros(value: Value) -> bool:
    return type(value) is Tensor and value.name in ("zeros", "zeros_like", "new_zeros")


# ranges


def reach(value: Value, depth: int = 0) -> tuple[float, float] | None:
    """Values that a tensor is known to go down and up to; it may go further."""
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
    if value.op in ("view", "cut", "sum", "leaf") and value.inputs and (value.name in _KEPT or value.op == "sum"):
        return reach(value.inputs[0], depth + 1)
    return None


def _spreads(value: Value, depth: int) -> bool:
    """Whether a value is known to take both signs, by more than a full turn."""
    found = reach(value, depth + 1)
    return found is not None and found[0] <= -2 and found[1] >= 2


def _reach_of_batch(tensor: Tensor, depth: int) -> tuple[float, float] | None:
    found = samples.origin(tensor)
    if found is not None and found.value is not None and found.kind in ("rows", "stack"):
        return reach(found.value, depth + 1)
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
        one, other = reach(left, depth + 1), reach(right, depth + 1)
        if tensor.op not in ("add", "sub") or one is None or other is None:
            return None
        return max((one, other), key=lambda found: found[1] - found[0])
    found = reach(left if constant is right else right, depth + 1)
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


# padding


def padding(value: Value) -> tuple[Place | None, bool]:
    """Where sequences of a target are padded to one length; and whether elements are picked out of it."""
    place: Place | None = None
    masked = False
    stack: list[Value] = [value]
    for one in stack:
        if len(stack) > _DEEPEST:
            break
        if type(one) is Union:
            stack.extend(one.options)
        if type(one) is not Tensor:
            continue
        if one.op == "batch":
            origin = samples.origin(one)
            if origin is None:  # a piece of a part: target[1:, :]
                stack.extend(one.inputs[:1])
            elif origin.kind == "whole" and origin.value is not None:
                stack.append(origin.value)
            continue
        if one.name == "pad_sequence":
            place = one.at
            given = one.args.get(2, "padding_value") if one.args is not None else None
            masked = masked or (type(given) is Const and given.value == -100)
            continue
        masked = masked or one.name in _PICKED or _picks(one) or one.op in ("masked_fill", "where", "scatter")
        stack.extend(one.inputs[:1])
    return place, masked


def _picks(tensor: Tensor) -> bool:
    """``target[mask]``."""
    return tensor.name == "[]" and tensor.args is not None and type(tensor.args.positional[1]) is Tensor
