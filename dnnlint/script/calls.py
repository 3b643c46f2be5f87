"""Calling things: project functions are run in place, classes are built, libraries answer from tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import attributes, definitions, flow, ir, iteration, library, networks, objects, tensors
from dnnlint.script.frames import Frame
from dnnlint.script.values import (
    NEVER,
    NOWHERE,
    Args,
    Bound,
    Class,
    Const,
    Ext,
    Func,
    Iteration,
    Method,
    Module,
    Obj,
    Partial,
    Tensor,
    Tuple,
    Union,
    Value,
    join,
)

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOST_FRAMES = 40
_MOST_RECURSION = 2
_ALONE = frozenset({"module", "optimizer", "scheduler", "loss", "loader", "scaler", "opaque"})


def call(run: Interpreter, func: Value, args: Args, node: Any) -> Value:
    """The result of calling a value."""
    handler = _CALL.get(type(func))
    if handler is None:
        return flow.unknown([func, *args.values()])
    return handler(run, func, args, node)


def _call_function(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return call_function(run, func, args, node)


def _call_bound(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return call_function(run, func.func, Args([func.receiver, *args.positional], args.keywords, args.open), node)


def _call_method(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return call_method(run, func.receiver, func.name, args, node)


def _call_partial(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    given = func.args
    merged = Args([*given.positional, *args.positional], {**given.keywords, **args.keywords}, given.open or args.open)
    return call(run, func.func, merged, node)


def _call_union(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return each(run, func.options, lambda option: call(run, option, args, node))


def each(run: Interpreter, alternatives: tuple[Value, ...], act: Callable[[Value], Value]) -> Value:
    """Carry out a call for each thing the callee can be, as alternative paths."""
    present = [option for option in alternatives if not (type(option) is Const and option.value is None)]
    if len(present) == 1:
        return act(present[0])
    results: list[Value] = []
    if all(type(option) is Tensor or (type(option) is Obj and option.kind in _ALONE) for option in present):
        # Only one of them exists in a run, and each has a state of its own: what is done is done to all.
        results = [act(option) for option in present]
        return join(results)  # type: ignore[no-any-return]

    def one(option: Value) -> Callable[[], bool]:
        def run_one() -> bool:
            results.append(act(option))
            return True

        return run_one

    run.branch([one(option) for option in present])
    return join(results) if results else flow.unknown(())


def _call_external(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return library.call(run, func.dotted, args, node)


def _call_object(run: Interpreter, obj: Any, args: Args, node: Any) -> Value:
    if obj.kind == "module":
        return networks.call_module(run, obj, args, node)
    if type(obj.cls) is Class:
        found = obj.cls.find("__call__")
        if type(found) is Func:
            return call_function(run, found, Args([obj, *args.positional], args.keywords, args.open), node)
    return library.call_object(run, obj, args, node)


def _call_class(run: Interpreter, cls: Any, args: Args, node: Any) -> Value:
    return definitions.instantiate(run, cls, args, node)


def _call_tensor(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return networks.call_unknown(run, func, args, node)


_CALL: dict[type, Callable[[Any, Any, Args, Any], Value]] = {
    Func: _call_function,
    Bound: _call_bound,
    Method: _call_method,
    Partial: _call_partial,
    Union: _call_union,
    Ext: _call_external,
    Obj: _call_object,
    Class: _call_class,
    Tensor: _call_tensor,
}


def call_method(run: Interpreter, receiver: Value, name: str, args: Args, node: Any) -> Value:
    """The result of ``receiver.name(...)``."""
    kind = type(receiver)
    if kind is Obj:
        return _object_method(run, receiver, name, args, node)  # type: ignore[arg-type]
    if kind is Ext:
        return library.call(run, f"{receiver.dotted}.{name}", args, node)  # type: ignore[attr-defined]
    if kind is Tensor:
        return tensors.method(run, receiver, name, args, node)  # type: ignore[arg-type]
    if kind is Module:
        return call(run, attributes.module_attribute(run, receiver, name), args, node)  # type: ignore[arg-type]
    if kind is Union:
        return each(run, receiver.options, lambda option: call_method(run, option, name, args, node))  # type: ignore[attr-defined]
    if kind is Class:
        found = attributes.get_attribute(run, receiver, name, node)
        if type(found) is Method:
            return library.class_method(run, receiver, name, args, node)  # type: ignore[arg-type]
        return call(run, found, args, node)
    if kind is Const:
        return _constant_method(receiver, name, args)  # type: ignore[arg-type]
    if kind is Method:
        return call_method(run, flow.unknown((receiver.receiver,)), name, args, node)  # type: ignore[attr-defined]
    if kind is Iteration and name == "__next__":
        return iteration.element(run, receiver, node)
    return flow.unknown([receiver, *args.values()])


def _object_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    if obj.kind == "super":
        return super_method(run, obj, name, args, node)
    if name == "forward" and obj.kind == "module" and not run.forwards:
        return networks.call_module(run, obj, args, node)
    value = obj.fields.get(name)
    if value is not None and not (type(value) is Obj and value.kind == "opaque"):
        return call(run, value, args, node)
    if type(obj.cls) is Class:
        found = obj.cls.find(name)
        if type(found) is Func:
            if found.kind == "property":
                return call(run, call_function(run, found, Args([obj]), node), args, node)
            first: list[Value] = [] if found.kind == "static" else [obj.cls if found.kind == "class" else obj]
            return call_function(run, found, Args([*first, *args.positional], args.keywords, args.open), node)
        if found is not None:
            return call(run, found, args, node)
    entries = obj.fields.get("$items")
    if obj.kind == "module" and isinstance(entries, dict) and name in entries:
        return call(run, entries[name], args, node)
    return library.method(run, obj, name, args, node)


_PURE_STRING = frozenset({
    "lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "startswith", "endswith", "find", "replace",
    "join", "format", "title", "capitalize", "count", "index", "isdigit", "partition", "rpartition", "casefold",
})  # fmt: skip


def _constant_method(value: Const, name: str, args: Args) -> Value:
    if name not in _PURE_STRING or not isinstance(value.value, str):
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


# project functions


def call_function(
    run: Interpreter, func: Func, args: Args, node: Any, resume: Callable[[Value], None] | None = None
) -> Value:
    """Run a project function on abstract arguments and return the join of what it returns.

    ``resume`` is run wherever the function yields: it is a context manager, and that is the body of its with.
    """
    if func.kind == "context" and resume is None:
        made = Obj("generator", None, run.place(node))
        made.fields["$func"], made.fields["$given"] = func, args
        return made
    depth = sum(1 for frame in run.frames if frame.function is not None and frame.function.node is func.node)
    if depth >= _MOST_RECURSION or len(run.frames) >= _MOST_FRAMES:
        run.record.havoc(run, args.values())
        return flow.unknown(args.values())
    names = bind_parameters(run, func, args, node)
    frame = Frame(func.name, func.module, names, func.closure)
    frame.function = func
    frame.mark = run.state.mark()
    frame.resume = resume
    frame.site = run.place(node) if run.frames else None
    if type(func.node) is ir.Lambda:
        run.frames.append(frame)
        try:
            return run.evaluate(func.node.body)
        finally:
            run.frames.pop()
    run.executed.add(id(func.node))
    generator = "yield" in func.node.traits
    if generator:
        frame.yields = []
    before = run.flags["grad"]
    if func.grad is not None:
        run.write(run.flags, "grad", func.grad)
    outer, run.loops = run.loops, list(run.loops)
    run.frames.append(frame)
    try:
        alive = run.block(func.node.body)
        result = _returned(run, frame, alive)
    finally:
        run.frames.pop()
        run.loops = outer
    if func.grad is not None:
        run.write(run.flags, "grad", before)
    if generator:
        yields = frame.yields or []
        return Iteration(None, join(yields) if yields else flow.unknown(()), None)
    return result


def _returned(run: Interpreter, frame: Any, alive: bool) -> Value:
    exits = frame.exits
    if not exits:
        return Const(None) if alive else NEVER
    if len(exits) == 1 and not alive and not exits[0][1]:
        return exits[0][0]  # type: ignore[no-any-return]
    if alive:
        exits.append((Const(None), run.state.peek(frame.mark)))
    run.state.rollback(frame.mark)
    run.state.merge([delta for _, delta in exits])
    return join([value for value, _ in exits])  # type: ignore[no-any-return]


def bind_parameters(run: Interpreter, func: Func, args: Args, node: Any) -> dict[str, Any]:
    """The local names that a call starts with."""
    params = func.node.params
    names: dict[str, Any] = {}
    given = args.positional
    for index, name in enumerate(params.positional):
        if index < len(given):
            names[name] = given[index]
        elif name in args.keywords:
            names[name] = args.keywords[name]
        else:
            names[name] = default(func, name, args.open)
    if params.varargs is not None:
        rest = given[len(params.positional) :]
        names[params.varargs] = objects.new_list(rest, NOWHERE, True) if args.open else Tuple(tuple(rest))
    for name in params.keyword_only:
        names[name] = args.keywords[name] if name in args.keywords else default(func, name, args.open)
    if params.kwargs is not None:
        extra = {k: v for k, v in args.keywords.items() if k not in names}
        names[params.kwargs] = objects.new_dict(extra, NOWHERE, args.open)
    return names


def default(func: Func, name: str, hidden: bool = False) -> Value:
    """What a parameter is when a call does not give it."""
    if hidden:
        return Obj("opaque", name=name)
    if name in func.options:
        return func.options[name]
    value = func.defaults.get(name)
    return value if value is not None else Obj("opaque", name=name)


def call_scoped(run: Interpreter, name: str, args: Args, node: Any) -> Value:
    """``super()`` and friends, which depend on where they stand."""
    frame = run.frame
    if name != "super":
        cell = frame.locals if name == "locals" else frame.module.names
        return objects.new_dict({k: v for k, v in cell.items() if isinstance(v, Value)}, run.place(node), True)
    func = frame.function
    if func is None or func.owner is None or not func.node.params.positional:
        return flow.unknown(())
    receiver = frame.locals.get(func.node.params.positional[0])
    if not isinstance(receiver, Value):
        return flow.unknown(())
    proxy = Obj("super", func.owner, run.place(node))
    proxy.fields["$self"] = receiver
    return proxy


def super_method(run: Interpreter, proxy: Obj, name: str, args: Args, node: Any) -> Value:
    """A method of the next class in line."""
    receiver: Value = proxy.fields["$self"]
    cls = receiver.cls if type(receiver) is Obj and type(receiver.cls) is Class else proxy.cls
    order = cls.mro()
    start = order.index(proxy.cls) + 1 if proxy.cls in order else 1
    for base in order[start:]:
        if type(base) is Class and name in base.names:
            found = base.names[name]
            if type(found) is Func:
                first: list[Value] = [] if found.kind == "static" else [receiver]
                return call_function(run, found, Args([*first, *args.positional], args.keywords, args.open), node)
    if type(receiver) is Obj:
        return library.super_call(run, receiver, [b for b in order[start:] if type(b) is not Class], name, args, node)
    return flow.unknown(args.values())
