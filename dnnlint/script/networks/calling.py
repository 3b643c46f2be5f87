"""Calls of networks from outside any network: their data flow is summarised once and marked as this call's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import flow, tensors
from dnnlint.script.code import Args
from dnnlint.script.events import carried, escapes, network_calls
from dnnlint.script.lattice import join
from dnnlint.script.networks import forward, modes, naming, tree
from dnnlint.script.values import NOWHERE, Const, NetworkCall, Obj, Tensor, Tuple, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def call_module(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    """``model(x)``: the data flow of its forward, marked as this call where it comes from outside a network."""
    if run.forwards or tree.has_parameters(obj) is False or naming.is_loss(obj):
        return forward.forward(run, obj, args, node)
    call = NetworkCall(obj, run.place(node), modes.computing(run, obj))
    network_calls.called(run, call, args, node)
    states = frozenset({mode for mode, _, _ in call.modes})
    key = (id(obj), run.version, states, run.flags["grad"], _shape(args))
    known = run.summaries.get(key)
    if known is None:
        inner = _symbols(args)
        inner.open = args.open
        outer, run.operations = run.operations, []
        events, mark = run.record.events, run.state.mark()
        try:
            known = (forward.forward(run, obj, inner, node), (obj, args))  # what the key names by id is kept alive
            network_calls.summarised(run, obj, run.operations)
            run.record.results[id(run.operations)] = known[0]
            run.record.entrances[id(run.operations)] = call
        finally:
            run.operations = outer
        if carried.keeps(run, call, mark):
            pass  # what it left in attributes, the next call may take
        elif run.record.events == events:  # a forward that trains or switches modes does so each time
            run.summaries[key] = known
    graph = True if run.flags["grad"] else run.flags["grad"]
    return _mark(run, known[0], call, args, graph, 0)


def _shape(args: Args) -> tuple[Any, ...]:
    parts: list[Any] = []
    for name, value in [*enumerate(args.positional), *args.keywords.items()]:
        if type(value) is Const:
            parts.append((name, repr(value.value)))
        elif type(value) is Tuple:
            parts.append((name, len(value.items)))
        else:
            parts.append(
                (name, type(value).__name__, id(value) if type(value) is Obj and value.kind != "opaque" else 0)
            )
    return tuple(parts)


def _symbols(args: Args) -> Args:
    """What a forward is summarised on: data stands for any data, and knows which argument it is."""
    values = [_symbol(value, index) for index, value in enumerate(args.values())]
    count = len(args.positional)
    return Args(values[:count], dict(zip(args.keywords, values[count:], strict=True)))


def _symbol(value: Value, index: int) -> Value:
    if type(value) is Tensor or (type(value) is Obj and value.kind == "opaque"):
        return Tensor("input", (), NOWHERE, None, extra=index)
    if type(value) is Union:  # data on one of two devices, or none at all
        symbols = [_symbol(option, index) for option in value.options]
        data = [symbol for symbol in symbols if type(symbol) is Tensor]
        others = [symbol for symbol in symbols if type(symbol) is not Tensor]
        return join([*others, *data[:1]])  # type: ignore[no-any-return]
    return value


def _mark(run: Interpreter, value: Value, call: NetworkCall, args: Args, graph: bool | None, depth: int) -> Value:
    kind = type(value)
    if depth > 4 or kind is Const:
        return value
    if kind is Tuple:
        return Tuple(tuple([_mark(run, item, call, args, graph, depth + 1) for item in value.items]))  # type: ignore[attr-defined]
    if kind is Union:
        return Union(tuple([_mark(run, item, call, args, graph, depth + 1) for item in value.options]))  # type: ignore[attr-defined]
    if kind is Obj and value.kind in ("list", "dict", "instance"):  # type: ignore[attr-defined]
        return _mark_object(run, value, call, args, graph, depth)  # type: ignore[arg-type]
    inputs = (value, *[arg for arg in args.values() if flow.flows(arg)])
    inner = flow.carries(value)
    if graph and inner is not True:  # what depends on nothing but the inputs carries a graph if they do
        graph = inner if inner is False else flow.attached(run, args.values())
    return Tensor("output", inputs, call.place, graph, call=call)


def _mark_object(run: Interpreter, obj: Obj, call: NetworkCall, args: Args, graph: bool | None, depth: int) -> Obj:
    copy = Obj(obj.kind, obj.cls, obj.at, obj.name)
    for name, value in obj.fields.items():
        if name == "$items" and isinstance(value, dict):
            copy.fields[name] = {k: _mark(run, v, call, args, graph, depth + 1) for k, v in value.items()}
        elif name == "$items":
            copy.fields[name] = tuple([_mark(run, v, call, args, graph, depth + 1) for v in value])
        elif isinstance(value, Value):
            copy.fields[name] = _mark(run, value, call, args, graph, depth + 1)
        else:
            copy.fields[name] = value
    return copy


def call_unknown(run: Interpreter, func: Value, args: Args, node: Any) -> Value:
    """Calling something nothing is known of; it may be a network."""
    escapes.havoc(run, args.values(), func)
    keras = "training" in args.keywords
    if (
        type(func) is Obj
        and func.kind == "opaque"
        and naming.network_like(func)
        and not (keras or naming.builds(func, args))
    ):
        call = NetworkCall(func, run.place(node), modes.current(run, func))
        network_calls.called(run, call, args, node)
        result = tensors.opaque_result(run, "module", func, args, node)
        if type(result) is Tensor:
            result.call = call
        return result
    return tensors.opaque_result(run, "unknown", func, args, node)
