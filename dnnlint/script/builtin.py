"""Python's own functions on numbers, iterables and functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import calls, choices, flow, inlining, iteration, objects, parameters, selections
from dnnlint.script.code import Args, Class, Func, Handler, Partial
from dnnlint.script.events import departure
from dnnlint.script.values import NEVER, REAL, WHOLE, Const, Iteration, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def _next(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "iterator")
    if first is None:
        return flow.unknown(())
    if type(first) is Obj and type(first.cls) is Class:
        following = first.cls.find("__next__")
        if type(following) is Func:
            return inlining.call_function(run, following, Args([first]), node)
    departure.taken(run, first, node)
    return iteration.element(run, iteration.iterate(run, first, node), node)


def _len(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "obj")
    items = objects.known_items(first) if first is not None else None
    growing = type(first) is Obj and first.fields.get("$growing")
    if items is not None and type(first) is not Iteration and not growing:
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
                made = Const(cast(first.value), first.soft)
            except (ValueError, OverflowError):
                return Const(...)
            if hasattr(first, "at"):
                made.at = first.at
            return made
        unknown = WHOLE if cast is int else REAL if cast is float else Const(...)
        kept = type(first) is Obj and ("$share" in first.fields or objects.counted(first))
        return first if first is not None and kept and cast is not str else unknown

    return convert


def _float_of(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "x")
    if first is not None and flow.tensorial(first):
        return Tensor("cut", (first,), run.place(node), False, name="float()")
    return _number(float)(run, args, node)


def _filter(run: Interpreter, args: Args, node: Any) -> Value:
    items = args.get(1, "iterable")
    if items is None:
        return flow.unknown(())
    if type(items) is not Obj or items.kind != "parameters" or items.fields["$named"]:
        return items if type(items) is Obj and items.kind == "parameters" else iteration.iterate(run, items, node)
    return items if items.fields.get("$once") else parameters.once(*parameters.owners(items), run.place(node))


def _map(run: Interpreter, args: Args, node: Any) -> Value:
    if len(args.positional) < 2:
        return flow.unknown(())
    inner = iteration.iterate(run, args.positional[1], node)
    assert type(inner) is Iteration
    if inner.items is not None and len(inner.items) <= 8:
        return Iteration(
            [calls.call(run, args.positional[0], Args([item]), node) for item in inner.items], None, inner.source
        )
    item = calls.call(run, args.positional[0], Args([iteration.element(run, inner, node)]), node)
    return Iteration(None, item, inner.source)


def _sum(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "iterable")
    if first is None:
        return Const(...)
    element = iteration.element(run, iteration.iterate(run, first, node), node)
    if flow.flows(element) or flow.flows(first):
        graph = flow.carries(element) if type(element) is not Obj else None
        return Tensor("add", (element, first), run.place(node), graph)
    return Const(...)


def _abs(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "x")
    if first is not None and flow.tensorial(first):
        return Tensor("abs", (first,), run.place(node), flow.attached(run, (first,)))
    return Const(...)


def _extreme(run: Interpreter, args: Args, node: Any) -> Value:
    choice = choices.in_extreme(run.current, node)
    if choice is not None:
        selections.chosen(run, choice)
    else:
        selections.extreme(run, args, node)
    values = [value.value for value in args.positional if type(value) is Const and type(value.value) in (int, float)]
    if len(values) == len(args.positional) >= 2:
        name = getattr(node.func, "id", "")
        return Const(max(values) if name == "max" else min(values))
    counts = next((value for value in args.positional if objects.counted(value)), None)
    if counts is not None:
        return counts
    flowing = [value for value in args.positional if flow.tensorial(value)]
    return Tensor("unknown", tuple(flowing), run.place(node), flow.attached(run, flowing)) if flowing else Const(...)


def _rounded(run: Interpreter, args: Args, node: Any) -> Value:
    """``math.ceil`` and kin, which are of interest where they round a number of batches."""
    first = args.get(0, "number")
    if type(first) is Const and type(first.value) in (int, float):
        function = {"ceil": math.ceil, "floor": math.floor}.get(getattr(node.func, "name", ""), round)
        return Const(function(first.value), first.soft) if math.isfinite(first.value) else Const(...)
    return first if first is not None and objects.counted(first) else flow.unknown(())


def _exit(run: Interpreter, args: Args, node: Any) -> Value:
    return NEVER


def _partial(run: Interpreter, args: Args, node: Any) -> Value:
    if not args.positional:
        return flow.unknown(())
    return Partial(args.positional[0], Args(args.positional[1:], args.keywords, args.open))


def _accumulate(run: Interpreter, args: Args, node: Any) -> Value:
    """functools.reduce and friends: something made of the members."""
    return flow.unknown(args.values())


def _bool(run: Interpreter, args: Args, node: Any) -> Value:
    known = run.truth(args.positional[0])[0] if args.positional else None
    return Const(... if known is None else known)


HANDLERS: dict[str, Handler] = {
    "next": _next, "len": _len, "int": _number(int), "str": _number(str), "bool": _bool, "float": _float_of,
    "filter": _filter, "map": _map, "sum": _sum, "abs": _abs, "max": _extreme, "min": _extreme,
    "exit": _exit, "quit": _exit, "sys.exit": _exit, "os._exit": _exit, "functools.partial": _partial,
    "functools.reduce": _accumulate, "math.ceil": _rounded, "math.floor": _rounded,
}  # fmt: skip
