"""Calls of methods, by what the receiver is; and ``super()``, whose receiver depends on where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import (
    attributes,
    calls,
    flow,
    inlining,
    iteration,
    library,
    library_bases,
    library_objects,
    objects,
    strings,
    tensors,
)
from dnnlint.script.code import Args, Class, Func, Method, Module
from dnnlint.script.events import construction, direct, feeding
from dnnlint.script.networks import calling
from dnnlint.script.values import Const, Ext, Iteration, Obj, Tensor, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def call_method(run: Interpreter, receiver: Value, name: str, args: Args, node: Any) -> Value:
    """The result of ``receiver.name(...)``."""
    kind = type(receiver)
    if kind is Obj:
        return _object_method(run, receiver, name, args, node)  # type: ignore[arg-type]
    if kind is Ext:
        if name == "__init__":
            construction.base_initialised(args.get(0, "self"), run.place(node))
        return library.call(run, f"{receiver.dotted}.{name}", args, node)  # type: ignore[attr-defined]
    if kind is Tensor:
        return tensors.method(run, receiver, name, args, node)  # type: ignore[arg-type]
    if kind is Module:
        return calls.call(run, attributes.module_attribute(run, receiver, name), args, node)  # type: ignore[arg-type]
    if kind is Union:
        return calls.each(run, receiver.options, lambda option: call_method(run, option, name, args, node))  # type: ignore[attr-defined]
    if kind is Class:
        found = attributes.get_attribute(run, receiver, name, node)
        if type(found) is Method:
            return library_bases.class_method(run, receiver, name, args, node)  # type: ignore[arg-type]
        return calls.call(run, found, args, node)
    if kind is Const:
        if name == "set_epoch":
            feeding.told(run, None)
        return strings.method(receiver, name, args)  # type: ignore[arg-type]
    if kind is Method:
        return call_method(run, flow.unknown((receiver.receiver,)), name, args, node)  # type: ignore[attr-defined]
    if kind is Iteration and name == "__next__":
        return iteration.element(run, receiver, node)
    return flow.unknown([receiver, *args.values()])


def _object_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    """What the object itself, its project class, or a library has under the name, in this order."""
    if obj.kind == "super":
        return _super_method(run, obj, name, args, node)
    if name == "forward":
        direct.forward(run, obj, node)
    if name == "forward" and obj.kind == "module" and not run.forwards:
        return calling.call_module(run, obj, args, node)
    value = obj.fields.get(name)
    if value is not None and not (type(value) is Obj and value.kind == "opaque"):
        return calls.call(run, value, args, node)
    if type(obj.cls) is Class:
        found = obj.cls.find(name)
        if type(found) is Func:
            if found.kind == "property":
                return calls.call(run, inlining.call_function(run, found, Args([obj]), node), args, node)
            first: list[Value] = [] if found.kind == "static" else [obj.cls if found.kind == "class" else obj]
            return inlining.call_function(run, found, Args([*first, *args.positional], args.keywords, args.open), node)
        if found is not None:
            return calls.call(run, found, args, node)
    entries = obj.fields.get("$items")
    if obj.kind == "module" and isinstance(entries, dict) and name in entries:
        return calls.call(run, entries[name], args, node)
    return library_objects.method(run, obj, name, args, node)


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
    if len(args.positional) == 1 and not args.open:  # bound to nothing: it initialises itself
        construction.unbound(receiver, run.place(node))
        return flow.unknown(())
    proxy = Obj("super", func.owner, run.place(node))
    proxy.fields["$self"] = receiver
    return proxy


def _super_method(run: Interpreter, proxy: Obj, name: str, args: Args, node: Any) -> Value:
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
                return inlining.call_function(
                    run, found, Args([*first, *args.positional], args.keywords, args.open), node
                )
    if type(receiver) is Obj:
        return library_bases.super_call(run, receiver, name, args, node)
    return flow.unknown(args.values())
