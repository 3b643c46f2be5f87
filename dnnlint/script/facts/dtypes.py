"""Whether a tensor holds whole numbers, real numbers or truth values."""

from __future__ import annotations

from dnnlint.evidence import vocabulary
from dnnlint.script import arrays, objects, samples
from dnnlint.script.tables import inverted
from dnnlint.script.values import CHOICE, REAL, WHOLE, Const, Ext, Obj, Tensor, Tuple, Union, Value

_DEEPEST = 12
_INTEGER = "int"
_FLOAT = "float"
_UNSAID = "unsaid"
_CASTS = inverted(
    {
        _INTEGER: """long int short byte LongTensor IntTensor ShortTensor ByteTensor randint randperm argmax argmin
            argsort argtopk one_hot bincount nonzero int64 int32 int16 int8 uint8""",
        _FLOAT: """float double half bfloat16 FloatTensor DoubleTensor HalfTensor float32 float64 float16 rand randn
            linspace softmax float()""",
        "bool": "bool BoolTensor == != < > <= >= eq ne lt gt le ge",
    }
)
_UNKNOWN_NUMBERS = {id(WHOLE): _INTEGER, id(CHOICE): _INTEGER, id(REAL): _FLOAT}
_FLOATING = vocabulary.ACTIVATIONS | vocabulary.WEIGHTED | {"div", "log", "exp", "sqrt", "mean", "normalize"}


def of(value: Value, depth: int = 0) -> str | None:
    """Whether a tensor holds whole numbers, real numbers or truth values; None if it is not known."""
    if depth > _DEEPEST:
        return None
    if type(value) is Union:
        found = {of(option, depth + 1) for option in value.options}
        return found.pop() if len(found) == 1 else None
    if type(value) is Const:
        return _number(value.value) or _UNKNOWN_NUMBERS.get(id(value))
    if type(value) is Obj:
        return arrays.dtype(value, lambda part: of(part, depth + 1))
    if type(value) is not Tensor:
        return None
    return _tensor(value, depth)


def _tensor(value: Tensor, depth: int) -> str | None:
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
    if value.name == "encoded":
        return _INTEGER
    if value.name in ("zeros", "ones", "empty", "Tensor", "full"):
        return _FLOAT
    if (
        value.op in ("view", "cut", "shuffled", "output", "sum", "max", "min", "masked_fill", "clamp", "scatter")
        and value.inputs
    ):
        return of(value.inputs[0], depth + 1)
    if value.op in ("add", "sub", "mul") and isinstance(value.extra, tuple):
        found = {of(part, depth + 1) for part in value.extra}
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
    return of(value, depth + 1)


def _of_batch(tensor: Tensor, depth: int) -> str | None:
    found = samples.origin(tensor)
    if found is None:
        return None
    if found.kind == "classes":
        return _INTEGER
    return of(found.value, depth + 1) if found.value is not None else None
