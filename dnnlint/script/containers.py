"""Python's lists and dicts: how they are made, and their methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import flow, indexing, iteration, objects, parameters, selections
from dnnlint.script.code import Args, Handler
from dnnlint.script.events import capture, retention
from dnnlint.script.lattice import join
from dnnlint.script.values import CHOICE, Const, Iteration, Obj, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def _sorted(run: Interpreter, args: Args, node: Any) -> Value:
    selections.extreme(run, args, node)
    return _sequence(run, args, node)


def _set(run: Interpreter, args: Args, node: Any) -> Value:
    return objects.merged(_sequence(run, args, node))


def _sequence(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "iterable")
    if first is None:
        made = objects.new_list([], run.place(node))
        made.fields["$born"] = run.clock
        return made
    for option in options(first):
        if type(option) is Obj and option.kind == "parameters" and option is first:
            capture.spend(run, option)
            owned = option.fields
            return parameters.collection(owned["$owners"], owned["$known"], option.at, owned["$named"])
        if type(option) is Obj and option.kind in ("parameters", "loader"):
            return first
    if type(first) is Obj and first.kind == "list":
        made = objects.new_list(objects.contents(first), run.place(node), bool(first.fields.get("$more")))
        made.fields["$born"] = run.clock
        return made
    items = objects.known_items(first)
    iterable = iteration.iterate(run, first, node)
    if items is None and type(iterable) is Iteration:
        if iterable.items is None:
            return (
                iterable
                if iterable.source is not None
                else objects.new_list([iteration.element(run, iterable, node)], run.place(node), True)
            )
        items = iterable.items
    made = objects.new_list(items or [], run.place(node))
    made.fields["$born"] = run.clock
    return made


def _tuple(run: Interpreter, args: Args, node: Any) -> Value:
    made = _sequence(run, args, node)
    items = objects.known_items(made)
    return Tuple(tuple(items)) if items is not None and type(made) is Obj else made


def _dict(run: Interpreter, args: Args, node: Any) -> Value:
    entries: dict[Any, Value] = {}
    more, unnamed = args.open, False
    for value in args.positional:
        if type(value) is Obj and "$state" in value.fields and len(args.positional) == 1 and not args.keywords:
            return value  # a new dict of the same tensors
        known = objects.known_entries(value)
        if known is not None:
            entries.update(known)
            continue
        pairs = objects.known_items(value)
        if pairs is not None and all(
            type(p) is Tuple and len(p.items) == 2 and type(p.items[0]) is Const for p in pairs
        ):
            for pair in pairs:
                key = pair.items[0].value  # type: ignore[attr-defined]
                unnamed = unnamed or key is ...
                entries[("$", len(entries)) if key is ... else key] = pair.items[1]  # type: ignore[attr-defined]
        else:
            more = True
    for name, value in args.keywords.items():
        if type(value) is Obj and value.kind == "list" and not value.name:
            value.name = name
    made = objects.new_dict({**entries, **args.keywords}, run.place(node), more or unnamed)
    made.fields["$born"] = run.clock
    made.fields["$complete"] = not more  # all members are known, if not under which key
    return made


def _default_dict(run: Interpreter, args: Args, node: Any) -> Value:
    made = objects.new_dict({}, run.place(node), True)
    made.fields["$factory"] = args.get(0, "default_factory")
    made.fields["$born"] = run.clock
    return made


def list_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a Python list."""
    items: tuple[Value, ...] = obj.fields["$items"]
    if name == "append" and args.positional:
        value = args.positional[0]
        retention.keep(run, node, node.func.value if hasattr(node.func, "value") else None, obj, value, "append")
        _grow(run, obj, (*items, value))
        return Const(None)
    if name == "insert" and len(args.positional) == 2:
        _grow(run, obj, (args.positional[1], *items))
        return Const(None)
    if name == "extend" and args.positional:
        more = objects.known_items(args.positional[0])
        if more is None:
            inner = args.positional[0]
            more = (
                [inner]
                if type(inner) is Obj and inner.kind == "parameters"
                else [iteration.element(run, iteration.iterate(run, inner, node), node)]
            )
            run.write(obj.fields, "$more", True)
        _grow(run, obj, (*items, *more))
        return Const(None)
    if name == "pop" and items:
        return items[-1] if not args.positional else join(list(items))
    if name == "clear":
        run.write(obj.fields, "$items", ())
        return Const(None)
    if name == "copy":
        return _sequence(run, Args([obj]), node)
    if name == "index":
        return CHOICE
    return flow.unknown((obj,))


def _grow(run: Interpreter, obj: Obj, items: tuple[Value, ...]) -> None:
    if len(items) > 64:
        run.write(obj.fields, "$more", True)
        items = items[:64]
    born: int = obj.fields.get("$born", run.clock)
    if any(loop.start >= born and getattr(loop.iterable, "items", None) is None for loop in run.loops):
        run.write(obj.fields, "$growing", True)  # how often is not known
    run.write(obj.fields, "$items", items)


def dict_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a Python dict."""
    entries: dict[Any, Value] = obj.fields["$items"]
    more = obj.fields.get("$more")
    if name in ("get", "pop", "setdefault") and args.positional:
        key = args.positional[0]
        if type(key) is Const and isinstance(key.value, (str, int, float, bool)):
            if key.value in entries:
                return entries[key.value]
            if not more:
                return args.positional[1] if len(args.positional) > 1 else Const(None)
        return indexing.get_item(run, obj, key, node)
    if name in ("items", "values", "keys"):
        return _dict_view(run, obj, name, node)
    if name == "update":
        known = objects.known_entries(args.positional[0]) if args.positional else {}
        run.write(obj.fields, "$items", {**entries, **(known or {}), **args.keywords})
        if known is None:
            run.write(obj.fields, "$more", True)
            run.write(obj.fields, "$complete", False)
        return Const(None)
    if name == "copy":
        return objects.new_dict(dict(entries), run.place(node), bool(more))
    return flow.unknown((obj,))


def _dict_view(run: Interpreter, obj: Obj, name: str, node: Any) -> Value:
    entries: dict[Any, Value] = obj.fields["$items"]
    if obj.fields.get("$more") or not entries:
        element = join(list(entries.values())) if entries else flow.unknown((obj,), obj.name)
        item: Value = element if name == "values" else Const(...) if name == "keys" else Tuple((Const(...), element))
        return Iteration(None, item, obj)
    keys: list[Value] = [Const(key) if not isinstance(key, tuple) else Const(...) for key in entries]
    if name == "keys":
        return Iteration(keys, None, obj)
    if name == "values":
        return Iteration(list(entries.values()), None, obj)
    return Iteration([Tuple((key, value)) for key, value in zip(keys, entries.values(), strict=True)], None, obj)


HANDLERS: dict[str, Handler] = {
    "list": _sequence, "tuple": _tuple, "sorted": _sorted, "set": _set, "dict": _dict,
    "collections.OrderedDict": _dict, "collections.defaultdict": _default_dict, "collections.deque": _sequence,
}  # fmt: skip
