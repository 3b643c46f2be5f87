"""Methods of constant strings, carried out where that has no effect but its result."""

from __future__ import annotations

import re
from typing import Any

from dnnlint.script import flow, objects
from dnnlint.script.code import Args, Handler
from dnnlint.script.values import NOWHERE, Const, Obj, Value

_PURE = frozenset({
    "lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "startswith", "endswith", "find", "replace",
    "join", "format", "title", "capitalize", "count", "index", "isdigit", "partition", "rpartition", "casefold",
})  # fmt: skip

LONGEST = 10_000  # characters of a text that is worked out; nothing that training depends on is longer
_WIDE = re.compile(r"\d{4}|:[^}]*\{")  # a format that may pad to any length
_MOST_PARTS = 32


def joined(run: Any, args: Args, node: Any) -> Value:
    """``os.path.join``: a path, of which the last part may be known."""
    last = args.positional[-1] if args.positional else None
    made = Obj("opaque")
    if type(last) is Const and isinstance(last.value, str):
        made.fields["$tail"] = last.value
    return made


HANDLERS: dict[str, Handler] = {"os.path.join": joined}


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
    if args.keywords or _explodes(value.value, name, given):
        return Const(..., value.soft)
    try:
        result = getattr(value.value, name)(*given)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        return Const(..., value.soft)
    if isinstance(result, (list, tuple)):
        parts: list[Value] = [Const(part, value.soft) for part in result[:_MOST_PARTS]]
        return objects.new_list(parts, NOWHERE, len(result) > _MOST_PARTS)
    return Const(result, value.soft)


def _explodes(text: str, name: str, given: list[Any]) -> bool:
    """Whether the result may be far longer than what it is made of."""
    flat = [part for value in given for part in (value if isinstance(value, list) else [value])]
    lengths = [len(part) for part in flat if isinstance(part, str)]
    if max([len(text), *lengths]) > LONGEST:
        return True
    if name == "format" and _WIDE.search(text):
        return True
    return name in ("format", "replace", "join") and (len(text) + 1) * (sum(lengths) + len(flat)) > LONGEST * 10
