"""The join of what is known on paths that meet."""

from __future__ import annotations

from typing import Any

from dnnlint.diagnostic import Place
from dnnlint.script.values import Const, Ext, Obj, Tensor, Tuple, Union, Value, options

MISSING: Any = object()  # what a cell holds on a path that never wrote it
_MOST_OPTIONS = 8


def join(values: list[Any]) -> Any:
    """What is known when control flow merges: the common value, a few alternatives, or nothing."""
    first = values[0]
    for value in values:
        if value is not first:
            break
    else:
        return first
    present = [value for value in values if value is not MISSING]
    if len(present) < 2:
        return present[0] if present else MISSING
    if isinstance(present[0], frozenset):
        return frozenset().union(*[value for value in present if isinstance(value, frozenset)])
    if not isinstance(present[0], Value):
        return _join_plain(present)
    flat: list[Value] = []
    for value in present:
        for option in value.options if type(value) is Union else (value,) if isinstance(value, Value) else ():
            for other in flat:
                if option is other or same(option, other):
                    break
            else:
                flat.append(option)
        if len(flat) > _MOST_OPTIONS:
            return _crowd(flat, present)
    if len(flat) == 1:
        return flat[0]
    if all(type(option) is Const and type(option.value) in (int, float) for option in flat):
        return _number(flat)
    return Union(tuple(flat))


def _crowd(first: list[Value], values: list[Any]) -> Obj:
    """The join of more values than are told apart."""
    every = [option for value in values if isinstance(value, Value) for option in options(value)]
    numbers = all(type(option) is Const and type(option.value) in (int, float) for option in every)
    return _number(every) if numbers else Obj("opaque", sources=tuple(first[:_MOST_OPTIONS]))


def _number(options: list[Value]) -> Obj:
    """One of several numbers."""
    made = Obj("opaque")
    whole = all(type(option) is Const and type(option.value) is int for option in options)
    made.fields["$number"] = "int" if whole else "float"
    return made


def _join_plain(values: list[Any]) -> Any:
    """The join of the analysis' own records: members of containers, flags, places."""
    first = values[0]
    if type(first) is tuple and all(type(value) is tuple for value in values):
        longest: tuple[Any, ...] = max(values, key=len)
        columns = [[value[index] for value in values if index < len(value)] for index in range(len(longest))]
        return tuple([join(column) for column in columns])
    if type(first) is dict and all(type(value) is dict for value in values):
        return _join_entries(values)
    if type(first) is bool:
        return any(values)
    if type(first) is Place:
        return first
    return first if all(value == first for value in values) else None


def _join_entries(values: list[dict[Any, Any]]) -> dict[Any, Any]:
    """The join of dicts, most of whose entries are the same objects on all paths."""
    first, *others = values
    differing = {key: ... for other in others for key, item in other.items() if first.get(key, MISSING) is not item}
    joined = {key: join([value[key] for value in values if key in value]) for key in differing}
    return {**first, **joined}


def same(a: Value, b: Value) -> bool:
    """Whether two values are certainly the same."""
    if a is b:
        return True
    if type(a) is Obj or type(a) is not type(b):
        return False
    if type(a) is Const and type(b) is Const:
        return type(a.value) is type(b.value) and bool(a.value == b.value)
    if type(a) is Ext and type(b) is Ext:
        return a.dotted == b.dotted
    if type(a) is Tensor and type(b) is Tensor:
        if a.op != b.op or a.at != b.at or a.call is not b.call or a.layer is not b.layer:
            return False
        return len(a.inputs) == len(b.inputs) and all(x is y for x, y in zip(a.inputs, b.inputs, strict=True))
    if type(a) is Tuple and type(b) is Tuple:
        return len(a.items) == len(b.items) and all(same(x, y) for x, y in zip(a.items, b.items, strict=True))
    return False
