"""Methods of constant strings, carried out where that has no effect but its result."""

from __future__ import annotations

from typing import Any

from dnnlint.script import flow, objects
from dnnlint.script.code import Args
from dnnlint.script.values import NOWHERE, Const, Value

_PURE = frozenset({
    "lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "startswith", "endswith", "find", "replace",
    "join", "format", "title", "capitalize", "count", "index", "isdigit", "partition", "rpartition", "casefold",
})  # fmt: skip


def method(value: Const, name: str, args: Args) -> Value:
    """``constant.name(...)``: known for strings and known arguments, a constant of unknown value elsewhere."""
    if name not in _PURE or not isinstance(value.value, str):
        return Const(..., value.soft) if value.value is not None else flow.unknown(())
    given: list[Any] = []
    for arg in args.positional:
        items = objects.known_items(arg)
        if items is not None and all(type(item) is Const and item.value is not ... for item in items):
            given.append([item.value for item in items])  # type: ignore[attr-defined]
        elif type(arg) is Const and arg.value is not ...:
            given.append(arg.value)
        else:
            return Const(..., value.soft)
    if args.keywords:
        return Const(..., value.soft)
    try:
        result = getattr(value.value, name)(*given)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        return Const(..., value.soft)
    if isinstance(result, (list, tuple)):
        return objects.new_list([Const(part, value.soft) for part in result[:32]], NOWHERE)
    return Const(result, value.soft)
