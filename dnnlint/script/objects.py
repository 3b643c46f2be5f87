"""Python's containers as abstract objects: made, and opened where their members are known."""

from __future__ import annotations

from typing import Any

from dnnlint.diagnostic import Place
from dnnlint.script.lattice import join
from dnnlint.script.values import Const, Iteration, Obj, Tuple, Union, Value


def contents(obj: Obj) -> list[Value]:
    """The known members of a list, dict or module container."""
    items = obj.fields.get("$items", ())
    return list(items.values()) if isinstance(items, dict) else list(items)


def new_list(items: list[Value], place: Place, more: bool = False) -> Obj:
    """A Python list; ``more`` if further members of unknown kind may be in it."""
    obj = Obj("list", "list", place)
    obj.fields["$items"] = tuple(items)
    obj.fields["$more"] = more
    return obj


def merged(made: Value) -> Value:
    """What becomes of the members of a list in a set: equal ones are one, so how many there are is rarely known."""
    if type(made) is Obj and made.kind == "list":
        items = made.fields["$items"]
        known = {item.value for item in items if type(item) is Const and isinstance(item.value, (str, int, float))}
        if len(known) < len(items):
            made.fields["$more"] = True
    return made


def new_dict(entries: dict[Any, Value], place: Place, more: bool = False) -> Obj:
    """A Python dict."""
    obj = Obj("dict", "dict", place)
    obj.fields["$items"] = entries
    obj.fields["$more"] = more
    return obj


def counted(value: Value) -> bool:
    """Whether a number was worked out from the length of something, such as that of a loader."""
    return type(value) is Obj and ("$length" in value.fields or "$counts" in value.fields)


def known_items(value: Value) -> list[Value] | None:
    """The members of a sequence, if all are known."""
    if type(value) is Tuple:
        return list(value.items)
    if type(value) is Iteration:
        return value.items
    if type(value) is Obj:
        if value.kind == "list" and not value.fields.get("$more"):
            return list(value.fields["$items"])
        if value.kind == "module" and "$items" in value.fields and not value.fields.get("$more"):
            return contents(value)
    return None


def known_entries(value: Value) -> dict[str, Value] | None:
    """The entries of a dict with string keys, if all are known."""
    if type(value) is Union:
        several = [known_entries(option) for option in value.options]
        if any(one is None for one in several):
            return None
        names = dict.fromkeys(name for one in several for name in one or ())
        return {name: join([(one or {}).get(name, Const(...)) for one in several]) for name in names}
    if type(value) is Obj and value.kind == "dict" and not value.fields.get("$more"):
        items: dict[Any, Value] = value.fields["$items"]
        if all(isinstance(key, str) for key in items):
            return dict(items)
    return None
