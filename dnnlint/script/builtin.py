"""Python's own functions and containers, and the options parsers of its library."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import calls, objects, parameters
from dnnlint.script.tables import inert
from dnnlint.script.values import (
    NEVER,
    Args,
    Class,
    Const,
    Ext,
    Func,
    Iteration,
    Obj,
    Partial,
    Tensor,
    Tuple,
    Union,
    Value,
    join,
    options,
)

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_LONGEST_RANGE = 24
_MOST_COMBINATIONS = 3


def _iterates(shape: str) -> Callable[[Any, Args, Any], Value]:
    def wrapped(run: Interpreter, args: Args, node: Any) -> Value:
        return _SHAPES[shape](run, args, node)

    return wrapped


def _items(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "iterable")
    if first is None:
        return Iteration(None, objects.unknown(()), None)
    return objects.iterate(run, first, node)


def _pairs(run: Interpreter, args: Args, node: Any) -> Value:
    inner = _items(run, args, node)
    assert type(inner) is Iteration
    if inner.items is not None:
        made = Iteration([Tuple((Const(i), item)) for i, item in enumerate(inner.items)], None, inner.source)
        made.wrapped = inner.wrapped
        return made
    return Iteration(None, Tuple((Const(...), objects.element(run, inner, node))), inner.source)


def _zip(run: Interpreter, args: Args, node: Any) -> Value:
    parts = [objects.iterate(run, value, node) for value in args.positional]
    known = [part.items for part in parts if type(part) is Iteration and part.items is not None]
    source = next((part.source for part in parts if type(part) is Iteration and part.source is not None), None)
    if known and len(known) == len(parts):
        return Iteration([Tuple(tuple(row)) for row in zip(*known, strict=False)], None, source)
    return Iteration(None, Tuple(tuple([objects.element(run, part, node) for part in parts])), source)


def _chain(run: Interpreter, args: Args, node: Any) -> Value:
    if args.positional and all(
        type(option) is Obj and option.kind == "parameters" for value in args.positional for option in options(value)
    ):
        owners, known = parameters.owners(Tuple(tuple(args.positional)))
        return parameters.collection(owners, known and not args.open, run.place(node))
    parts = [objects.iterate(run, value, node) for value in args.positional]
    known_items = [part.items for part in parts if type(part) is Iteration and part.items is not None]
    if parts and len(known_items) == len(parts):
        return Iteration([item for items in known_items for item in items], None, None)
    elements = [objects.element(run, part, node) for part in parts]
    return Iteration(None, join(elements) if elements else objects.unknown(()), None)


def _product(run: Interpreter, args: Args, node: Any) -> Value:
    axes = [objects.iterate(run, value, node) for value in args.positional]
    row = Tuple(tuple([objects.element(run, axis, node) for axis in axes]))
    made = Iteration(None, row if axes and not args.open else objects.unknown(()), None)
    source = Obj("product", None, run.place(node))
    source.fields["$axes"] = tuple(axes)
    source.fields["$open"] = args.open
    source.fields["$names"] = tuple([getattr(value, "name", "") for value in args.positional])
    made.source = source
    return made


def _range(run: Interpreter, args: Args, node: Any) -> Value:
    numbers = [value.value for value in args.positional if type(value) is Const and type(value.value) is int]
    if numbers and len(numbers) == len(args.positional) <= 3:
        try:
            span = range(*numbers)
        except (TypeError, ValueError):
            return Iteration(None, Const(...), None)
        if len(span) <= _LONGEST_RANGE:
            return Iteration([Const(i) for i in span], None, None)
    made = Iteration(None, Const(...), None)
    made.wrapped = "range"
    return made


_SHAPES: dict[str, Callable[[Any, Args, Any], Value]] = {
    "items": _items, "pairs": _pairs, "zip": _zip, "chain": _chain, "product": _product, "range": _range,
}  # fmt: skip


def _sequence(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "iterable")
    if first is None:
        made = objects.new_list([], run.place(node))
        made.fields["$born"] = run.clock
        return made
    for option in options(first):
        if type(option) is Obj and option.kind in ("parameters", "loader"):
            return first
    if type(first) is Obj and first.kind == "list":
        made = objects.new_list(objects.contents(first), run.place(node), bool(first.fields.get("$more")))
        made.fields["$born"] = run.clock
        return made
    items = objects.known_items(first)
    iterable = objects.iterate(run, first, node)
    if items is None and type(iterable) is Iteration:
        if iterable.items is None:
            return iterable if iterable.source is not None else objects.new_list([objects.element(run, iterable, node)], run.place(node), True)
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
    more = args.open
    for value in args.positional:
        known = objects.known_entries(value)
        if known is not None:
            entries.update(known)
            continue
        pairs = objects.known_items(value)
        if pairs is not None and all(type(p) is Tuple and len(p.items) == 2 and type(p.items[0]) is Const for p in pairs):
            entries.update({p.items[0].value: p.items[1] for p in pairs})  # type: ignore[attr-defined]
        else:
            more = True
    return objects.new_dict({**entries, **args.keywords}, run.place(node), more)


def _default_dict(run: Interpreter, args: Args, node: Any) -> Value:
    made = objects.new_dict({}, run.place(node), True)
    made.fields["$factory"] = args.get(0, "default_factory")
    made.fields["$born"] = run.clock
    return made


def _next(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "iterator")
    if first is None:
        return objects.unknown(())
    if type(first) is Obj and type(first.cls) is Class:
        following = first.cls.find("__next__")
        if type(following) is Func:
            return calls.call_function(run, following, Args([first]), node)
    return objects.element(run, objects.iterate(run, first, node), node)


def _len(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "obj")
    items = objects.known_items(first) if first is not None else None
    if items is not None and type(first) is not Iteration:
        return Const(len(items))
    if type(first) is Const and isinstance(first.value, str):
        return Const(len(first.value), first.soft)
    made = Obj("opaque")
    if first is not None:
        made.fields["$length"] = first
    return made


def _number(cast: type) -> Callable[[Any, Args, Any], Value]:
    def convert(run: Interpreter, args: Args, node: Any) -> Value:
        first = args.get(0, "x")
        if type(first) is Const and isinstance(first.value, (int, float, str, bool)):
            try:
                return Const(cast(first.value), first.soft)
            except (ValueError, OverflowError):
                return Const(...)
        return Const(...)

    return convert


def _getattr(run: Interpreter, args: Args, node: Any) -> Value:
    obj, name = args.get(0, "object"), args.get(1, "name")
    if obj is None or type(name) is not Const or not isinstance(name.value, str):
        return objects.unknown([value for value in (obj,) if value is not None])
    fallback = args.get(2, "default")
    if fallback is not None and type(obj) is Obj and obj.kind in ("namespace", "instance", "module"):
        found = obj.fields.get(name.value)
        if found is None and not (type(obj.cls) is Class and obj.cls.find(name.value) is not None):
            closed = obj.kind == "namespace" or (type(obj.cls) is Class and not obj.cls.foreign())
            return fallback if closed else join([fallback, objects.get_attribute(run, obj, name.value, node)])  # type: ignore[no-any-return]
    return objects.get_attribute(run, obj, name.value, node)


def _setattr(run: Interpreter, args: Args, node: Any) -> Value:
    obj, name, value = (args.get(0, "obj"), args.get(1, "name"), args.get(2, "value"))
    if obj is not None and value is not None:
        if type(name) is Const and isinstance(name.value, str):
            objects.set_attribute(run, obj, name.value, value, node)
        elif type(obj) is Obj:
            objects.set_attribute(run, obj, f"dynamic {len(obj.fields)}", value, node)
    return Const(None)


def _hasattr(run: Interpreter, args: Args, node: Any) -> Value:
    obj, name = args.get(0, "obj"), args.get(1, "name")
    if type(name) is not Const or not isinstance(name.value, str) or type(obj) is not Obj:
        return Const(...)
    if name.value in obj.fields and not (type(obj.fields[name.value]) is Obj and obj.fields[name.value].kind == "opaque"):
        return Const(True)
    if type(obj.cls) is Class and obj.cls.find(name.value) is not None:
        return Const(True)
    spec = obj.fields.get("$spec")
    if spec is not None and name.value in ("weight", "bias"):
        return Const(bool(spec.parametric))
    if obj.kind == "module" and type(obj.cls) is Class and not obj.fields.get("$open") and name.value in ("weight", "bias"):
        return Const(False)
    return Const(...)


def _isinstance(run: Interpreter, args: Args, node: Any) -> Value:
    obj, cls = args.get(0, "obj"), args.get(1, "cls")
    if obj is None or cls is None or type(obj) is Union:
        return Const(...)
    kinds = [item for option in options(cls) for item in (objects.known_items(option) or [option])]
    states = {_instance_of(obj, kind) for kind in kinds}
    return Const(True if True in states else ... if None in states else False)


_PYTHON_TYPES = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict}


def _instance_of(obj: Value, cls: Value) -> bool | None:
    from dnnlint.script.library import canonical

    name = canonical(cls.dotted) if type(cls) is Ext else ""
    if type(obj) is Const and obj.value is not ... and name in _PYTHON_TYPES:
        return isinstance(obj.value, _PYTHON_TYPES[name])
    if type(obj) is Tuple or (type(obj) is Obj and obj.kind in ("list", "dict")):
        kind = "tuple" if type(obj) is Tuple else obj.kind  # type: ignore[attr-defined]
        return kind == name if name in _PYTHON_TYPES else None if not name else False
    if type(obj) is Tensor:
        if obj.op in ("unknown", "module", "batch", "output", "input"):
            return None
        return name in ("torch.Tensor", "torch.nn.Parameter", "torch.FloatTensor")
    if type(obj) is not Obj or obj.kind == "opaque":
        return None
    if type(obj.cls) is Class:
        if type(cls) is Class:
            return cls in obj.cls.mro() or (None if obj.fields.get("$open") else False)
        if any(type(base) is Ext and canonical(base.dotted) == name for base in obj.cls.foreign()):
            return True
        if obj.kind == "module" and name == "torch.nn.Module":
            return True
        return None if obj.fields.get("$open") else False
    if isinstance(obj.cls, str) and name:
        if obj.cls == name:
            return True
        if name == "torch.nn.Module":
            return obj.kind in ("module", "loss")
        short, wanted = obj.cls.rpartition(".")[2], name.rpartition(".")[2]
        if wanted in ("_BatchNorm", "_NormBase"):
            return "BatchNorm" in short or (wanted == "_NormBase" and "InstanceNorm" in short)
        if wanted == "_ConvNd":
            return "Conv" in short
        if wanted in ("DataParallel", "DistributedDataParallel"):
            return None
        return False if obj.kind == "module" and "$spec" in obj.fields else None
    return None


def _type(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "object")
    if type(first) is Obj:
        if type(first.cls) is Class:
            return first.cls
        if isinstance(first.cls, str) and "." in first.cls:
            return Ext(first.cls)
    return objects.unknown(())


def _filter(run: Interpreter, args: Args, node: Any) -> Value:
    items = args.get(1, "iterable")
    if items is None:
        return objects.unknown(())
    return items if type(items) is Obj and items.kind == "parameters" else objects.iterate(run, items, node)


def _map(run: Interpreter, args: Args, node: Any) -> Value:
    if len(args.positional) < 2:
        return objects.unknown(())
    inner = objects.iterate(run, args.positional[1], node)
    assert type(inner) is Iteration
    if inner.items is not None and len(inner.items) <= 8:
        return Iteration([calls.call(run, args.positional[0], Args([item]), node) for item in inner.items], None, inner.source)
    item = calls.call(run, args.positional[0], Args([objects.element(run, inner, node)]), node)
    return Iteration(None, item, inner.source)


def _sum(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "iterable")
    if first is None:
        return Const(...)
    element = objects.element(run, objects.iterate(run, first, node), node)
    if objects.flows(element) or objects.flows(first):
        graph = objects.carries(element) if not (type(element) is Obj) else None
        return Tensor("add", (element, first), run.place(node), graph)
    return Const(...)


def _exit(run: Interpreter, args: Args, node: Any) -> Value:
    return NEVER


def _partial(run: Interpreter, args: Args, node: Any) -> Value:
    if not args.positional:
        return objects.unknown(())
    return Partial(args.positional[0], Args(args.positional[1:], args.keywords, args.open))


def _float_of(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "x")
    if first is not None and objects.tensorial(first):
        return Tensor("cut", (first,), run.place(node), False)
    return _number(float)(run, args, node)


def _vars(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "object")
    if type(first) is Obj:
        entries = {k: v for k, v in first.fields.items() if k[0] != "$" and isinstance(v, Value)}
        return objects.new_dict(entries, run.place(node), first.kind == "opaque")
    return objects.unknown(())


def _namespace(run: Interpreter, args: Args, node: Any) -> Value:
    obj = Obj("namespace", None, run.place(node))
    obj.fields.update(args.keywords)
    return obj


def _parser(run: Interpreter, args: Args, node: Any) -> Value:
    return Obj("parser", "argparse.ArgumentParser", run.place(node))


def _environment(run: Interpreter, args: Args, node: Any) -> Value:
    default = args.get(1, "default")
    return Const(default.value, True) if type(default) is Const else objects.unknown(())


def _abs(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "x")
    if first is not None and objects.tensorial(first):
        return Tensor("abs", (first,), run.place(node), objects.attached(run, (first,)))
    return Const(...)


def _extreme(run: Interpreter, args: Args, node: Any) -> Value:
    values = [value.value for value in args.positional if type(value) is Const and type(value.value) in (int, float)]
    if len(values) == len(args.positional) >= 2:
        name = getattr(node.func, "id", "")
        return Const(max(values) if name == "max" else min(values))
    flowing = [value for value in args.positional if objects.tensorial(value)]
    return Tensor("unknown", tuple(flowing), run.place(node), objects.attached(run, flowing)) if flowing else Const(...)


def _field(run: Interpreter, args: Args, node: Any) -> Value:
    obj = Obj("field", None, run.place(node))
    obj.fields.update(args.keywords)
    if args.positional and "default" not in args.keywords:
        obj.fields["default"] = args.positional[0]
    obj.fields["$node"] = node
    return obj


def _option(run: Interpreter, args: Args, node: Any) -> Value:
    default = args.get(0, "default")
    return Const(default.value, True) if type(default) is Const and default.value is not ... else objects.unknown(())


def _accumulate(run: Interpreter, args: Args, node: Any) -> Value:
    """functools.reduce and friends: something made of the members."""
    return objects.unknown(args.values())


HANDLERS: dict[str, Callable[[Any, Args, Any], Value]] = {
    **{name: _iterates(shape) for name, shape in inert.ITERATION_WRAPPERS.items()},
    "list": _sequence, "tuple": _tuple, "sorted": _sequence, "set": _sequence, "dict": _dict,
    "collections.OrderedDict": _dict, "collections.defaultdict": _default_dict,
    "collections.deque": _sequence, "next": _next, "len": _len, "int": _number(int), "str": _number(str),
    "bool": lambda run, args, node: Const(...) if not args.positional or run.truth(args.positional[0])[0] is None else Const(run.truth(args.positional[0])[0]),
    "float": _float_of, "getattr": _getattr, "setattr": _setattr, "hasattr": _hasattr, "isinstance": _isinstance,
    "type": _type, "filter": _filter, "map": _map, "sum": _sum, "abs": _abs, "max": _extreme, "min": _extreme,
    "exit": _exit, "quit": _exit, "sys.exit": _exit, "os._exit": _exit, "functools.partial": _partial,
    "functools.reduce": _accumulate, "vars": _vars, "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace, "argparse.ArgumentParser": _parser, "configargparse.ArgumentParser": _parser,
    "os.environ.get": _environment, "os.getenv": _environment, "dataclasses.field": _field, "field": _field,
    "typer.Option": _option, "typer.Argument": _option, "pydantic.Field": _field,
}  # fmt: skip


# containers


def list_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a Python list."""
    items: tuple[Value, ...] = obj.fields["$items"]
    if name == "append" and args.positional:
        value = args.positional[0]
        run.record.keep(node, node.func.value if hasattr(node.func, "value") else None, obj, value, "append")
        _grow(run, obj, (*items, value))
        return Const(None)
    if name == "insert" and len(args.positional) == 2:
        _grow(run, obj, (args.positional[1], *items))
        return Const(None)
    if name == "extend" and args.positional:
        more = objects.known_items(args.positional[0])
        if more is None:
            inner = args.positional[0]
            more = [inner] if type(inner) is Obj and inner.kind == "parameters" else [objects.element(run, objects.iterate(run, inner, node), node)]
            run.write(obj.fields, "$more", True)
        _grow(run, obj, (*items, *more))
        return Const(None)
    if name == "pop" and items:
        return items[-1] if not args.positional else join(list(items))  # type: ignore[no-any-return]
    if name == "clear":
        run.write(obj.fields, "$items", ())
        return Const(None)
    if name == "copy":
        return _sequence(run, Args([obj]), node)
    return objects.unknown((obj,))


def _grow(run: Interpreter, obj: Obj, items: tuple[Value, ...]) -> None:
    if len(items) > 64:
        run.write(obj.fields, "$more", True)
        items = items[:64]
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
        return objects.get_item(run, obj, key, node)
    if name in ("items", "values", "keys"):
        return _dict_view(run, obj, name, node)
    if name == "update":
        known = objects.known_entries(args.positional[0]) if args.positional else {}
        run.write(obj.fields, "$items", {**entries, **(known or {}), **args.keywords})
        if known is None:
            run.write(obj.fields, "$more", True)
        return Const(None)
    if name == "copy":
        return objects.new_dict(dict(entries), run.place(node), bool(more))
    return objects.unknown((obj,))


def _dict_view(run: Interpreter, obj: Obj, name: str, node: Any) -> Value:
    entries: dict[Any, Value] = obj.fields["$items"]
    if obj.fields.get("$more") or not entries:
        element = join(list(entries.values())) if entries else objects.unknown((obj,), obj.name)
        item: Value = element if name == "values" else Const(...) if name == "keys" else Tuple((Const(...), element))
        return Iteration(None, item, obj)
    keys: list[Value] = [Const(key) if not isinstance(key, tuple) else Const(...) for key in entries]
    if name == "keys":
        return Iteration(keys, None, obj)
    if name == "values":
        return Iteration(list(entries.values()), None, obj)
    return Iteration([Tuple((key, value)) for key, value in zip(keys, entries.values(), strict=True)], None, obj)


# options of a script


def parser_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """argparse: each option is a soft constant, its default."""
    if name in ("add_argument", "add_option"):
        _add_argument(run, obj, args)
        return objects.unknown(())
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return obj
    if name in ("parse_args", "parse_known_args", "parse_intermixed_args"):
        space = Obj("namespace", None, run.place(node))
        space.fields.update({k: v for k, v in obj.fields.items() if k[0] != "$"})
        return Tuple((space, objects.unknown(()))) if name == "parse_known_args" else space
    if name == "set_defaults":
        for key, value in args.keywords.items():
            run.write(obj.fields, key, Const(value.value, True) if type(value) is Const else value)
        return Const(None)
    if name in ("error", "exit"):
        return NEVER
    return objects.unknown(())


def _add_argument(run: Interpreter, parser: Obj, args: Args) -> None:
    names = [value.value for value in args.positional if type(value) is Const and isinstance(value.value, str)]
    given = args.keywords.get("dest")
    if type(given) is Const and isinstance(given.value, str):
        dest = given.value
    elif names:
        long = [name for name in names if name.startswith("--")]
        dest = (long or names)[0].lstrip("-").replace("-", "_")
    else:
        return
    default = args.keywords.get("default")
    action = args.keywords.get("action")
    verb = action.value if type(action) is Const else None
    if default is None and verb in ("store_true", "store_false"):
        default = Const(verb == "store_false")
    if default is None:
        wanted = args.keywords.get("required")
        needed = not names or not names[0].startswith("-") or (wanted is not None and run.truth(wanted)[0])
        default = Obj("opaque", name=dest) if needed else Const(None)
    cast = args.keywords.get("type")
    if type(default) is Const and isinstance(default.value, str) and type(cast) is Ext and cast.dotted in ("builtins.int", "builtins.float"):
        try:
            default = Const(int(default.value) if cast.dotted == "builtins.int" else float(default.value))
        except ValueError:
            default = Const(...)
    run.write(parser.fields, dest, Const(default.value, True) if type(default) is Const and default.value is not ... else default)


def namespace_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Parsed options have no methods of their own."""
    return objects.unknown(())
