"""Whether numbers are known to stand for classes: as indices, or as one-hot rows."""

from __future__ import annotations

from dnnlint.script import samples
from dnnlint.script.tables import words
from dnnlint.script.values import CHOICE, HOT, Const, Obj, Tensor, Union, Value

_DEEPEST = 40
_LITERAL = frozenset({"tensor", "as_tensor", "LongTensor", "FloatTensor", "Tensor", "array", "asarray"})
KEPT = frozenset(
    words(
        """long int short byte float double half to type type_as cpu cuda numpy astype detach data squeeze unsqueeze
        view reshape flatten contiguous clone expand expand_as permute transpose T t tensor as_tensor from_numpy
        LongTensor FloatTensor Tensor Variable [] [:] ravel bool requires_grad_"""
    )
)
"""What changes shape, type or place of a tensor, but not what its numbers stand for."""


def of(value: Value, depth: int = 0) -> tuple[str | None, str]:
    """Whether a value is known to hold indices of classes or one-hot rows, and what makes it so."""
    if depth > _DEEPEST:
        return None, ""
    kind = type(value)
    if kind is Tensor:
        return _tensor(value, depth)  # type: ignore[arg-type]
    if kind is Union:
        found = {of(option, depth + 1) for option in value.options}  # type: ignore[attr-defined]
        return found.pop() if len(found) == 1 else (None, "")
    if kind is Obj:
        return _object(value, depth)  # type: ignore[arg-type]
    return ("indices", "index") if value is CHOICE else (None, "")


def _tensor(value: Tensor, depth: int) -> tuple[str | None, str]:
    if value.op == "batch":
        origin = samples.origin(value)
        if origin is not None and origin.kind == "classes":
            return "indices", origin.source
        return of(origin.value, depth + 1) if origin is not None and origin.value is not None else (None, "")
    made = _made(value)
    if made is not None:
        return made
    if (value.name in KEPT or value.op == "shuffled") and value.inputs:
        return of(value.inputs[0], depth + 1)
    if value.name in _LITERAL and value.args is not None and (first := value.args.get(0, "data")) is not None:
        return of(first, depth + 1)
    return None, ""


def _made(value: Tensor) -> tuple[str, str] | None:
    """What an operation makes that makes classes."""
    if value.name == "encoded":
        return "indices", "LabelEncoder"
    if value.extra is HOT:
        return "one_hot", "zeros"
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
    return None


def _object(value: Obj, depth: int) -> tuple[str | None, str]:
    """A list of classes, an array in which one place is set to one, a row of an identity matrix of NumPy."""
    if value.kind == "list" and value.fields.get("$items"):
        return of(value.fields["$items"][0], depth + 1)
    if "$hot" in value.fields:
        return "one_hot", "zeros"
    made = value.fields.get("$made")
    if made is None or not made.args.positional:
        return None, ""
    first = made.args.positional[0]
    source = first.fields.get("$made") if type(first) is Obj else None
    if made.name == "[]" and source is not None and source.name in ("eye", "identity"):
        return "one_hot", "eye"
    return of(first, depth + 1) if made.name in KEPT | {"[]", "[:]", "copy"} else (None, "")


def _identity(value: Value) -> bool:
    while type(value) is Tensor and value.op == "view" and value.inputs:
        value = value.inputs[0]
    return type(value) is Tensor and value.name == "eye"


def _zeros(value: Value) -> bool:
    return type(value) is Tensor and value.name in ("zeros", "zeros_like", "new_zeros")
