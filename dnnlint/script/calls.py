"""Calling a value: each kind answers in its own way, and a callee that may be several is each of them in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import definitions, flow, inlining, library, library_objects, methods
from dnnlint.script.code import Args, Bound, Class, Func, Method, Partial
from dnnlint.script.lattice import join
from dnnlint.script.networks import calling
from dnnlint.script.values import NEVER, Const, Ext, Obj, Tensor, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_ALONE = frozenset({"module", "optimizer", "scheduler", "loss", "loader", "scaler", "opaque"})


def call(run: Interpreter, func: Value, args: Args, node: Any) -> Value:
    """The result of calling a value."""
    handler = _CALL.get(type(func))
    if handler is None:
        return flow.unknown([func, *args.values()])
    return handler(run, func, args, node)


def each(run: Interpreter, alternatives: tuple[Value, ...], act: Callable[[Value], Value]) -> Value:
    """Carry out a call for each thing the callee can be, as alternative paths."""
    present = [option for option in alternatives if not (type(option) is Const and option.value is None)]
    if len(present) == 1:
        return act(present[0])
    # Only one of them exists in a run, and each has a state of its own: what is done is done to all.
    alone = [option for option in present if _alone(option)]
    run.several += 1
    results = [act(option) for option in alone]
    run.several -= 1

    def one(option: Value) -> Callable[[], bool]:
        def run_one() -> bool:
            result = act(option)
            if result is not NEVER:
                results.append(result)
            return result is not NEVER

        return run_one

    paths = [one(option) for option in present if not _alone(option)]
    if paths and not run.branch([lambda: True, *paths] if alone else paths):
        return NEVER
    return join(results) if results else flow.unknown(())


def _alone(option: Value) -> bool:
    """Whether what a call does to something stays inside it."""
    return type(option) is Tensor or type(option) is Const or (type(option) is Obj and option.kind in _ALONE)


def _call_function(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return inlining.call_function(run, func, args, node)


def _call_bound(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return inlining.call_function(
        run, func.func, Args([func.receiver, *args.positional], args.keywords, args.open), node
    )


def _call_method(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return methods.call_method(run, func.receiver, func.name, args, node)


def _call_partial(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    given = func.args
    merged = Args([*given.positional, *args.positional], {**given.keywords, **args.keywords}, given.open or args.open)
    return call(run, func.func, merged, node)


def _call_union(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return each(run, func.options, lambda option: call(run, option, args, node))


def _call_external(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return library.call(run, func.dotted, args, node)


def _call_object(run: Interpreter, obj: Any, args: Args, node: Any) -> Value:
    if obj.kind == "module":
        return calling.call_module(run, obj, args, node)
    if type(obj.cls) is Class:
        found = obj.cls.find("__call__")
        if type(found) is Func:
            return inlining.call_function(run, found, Args([obj, *args.positional], args.keywords, args.open), node)
    return library_objects.call_object(run, obj, args, node)


def _call_class(run: Interpreter, cls: Any, args: Args, node: Any) -> Value:
    return definitions.instantiate(run, cls, args, node)


def _call_tensor(run: Interpreter, func: Any, args: Args, node: Any) -> Value:
    return calling.call_unknown(run, func, args, node)


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
