"""What transforms of samples tell of their values: a normalisation around zero leaves them with both signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import flow, objects
from dnnlint.script.code import Args, Class, Handler
from dnnlint.script.values import Const, Obj, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_DEEPEST = 4  # data sets made of data sets


def _normalize(run: Interpreter, args: Args, node: Any) -> Value:
    made = flow.unknown(())
    mean = args.get(0, "mean")
    numbers = objects.known_items(mean) if mean is not None else None
    made.fields["$centres"] = not numbers or any(type(one) is not Const or one.value != 0 for one in numbers)
    return made


def _compose(run: Interpreter, args: Args, node: Any) -> Value:
    made = flow.unknown(())
    first = args.get(0, "transforms")
    parts = objects.contents(first) if type(first) is Obj else []
    made.fields["$centres"] = any(_centres(part) for part in parts)
    return made


def _centres(value: Value) -> bool:
    return any(type(option) is Obj and bool(option.fields.get("$centres")) for option in options(value))


def centred(data: Value, depth: int = 0) -> bool:
    """Whether the samples of a loader or data set are normalised around zero by a transform."""
    if _centres(data):
        return True
    return depth < _DEEPEST and any(
        centred(part, depth + 1)
        for option in options(data)
        if type(option) is Obj
        for part in _parts(option)
        if type(part) in (Obj, Union)
    )


def _parts(data: Obj) -> list[Value]:
    """What a loader or data set was made from."""
    if data.kind == "loader":
        return [data.fields["$dataset"]]
    parts = [*data.fields.get("$inputs", ()), *data.sources]
    if type(data.cls) is Class:
        parts += [value for name, value in data.fields.items() if name[0] != "$" and isinstance(value, Value)]
    return parts


_MODULES = ("torchvision.transforms.", "torchvision.transforms.v2.", "torchvision.transforms.transforms.")
HANDLERS: dict[str, Handler] = {
    module + name: handler
    for module in _MODULES
    for name, handler in (("Normalize", _normalize), ("Compose", _compose))
}
