"""The data flow through a module: a forward of the project, a chain of modules, or one library layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import calls, flow, inlining, objects, tensors
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.events import devices
from dnnlint.script.networks import naming, tree
from dnnlint.script.recurrent import STATE
from dnnlint.script.tables.layers import LayerSpec
from dnnlint.script.values import Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_DEEPEST_CHAIN = 40


def forward(run: Interpreter, obj: Obj, args: Args, node: Any, place: Place | None = None) -> Value:
    """The data flow through a module, in place."""
    if type(obj.cls) is Class:
        found = obj.cls.find("forward")
        if type(found) is Func:
            nested = bool(run.forwards) or (tree.has_parameters(obj) is not False and not naming.is_loss(obj))
            run.forwards += nested
            try:
                return inlining.call_function(run, found, Args([obj, *args.positional], args.keywords, args.open), node)
            finally:
                run.forwards -= nested
    spec: LayerSpec | None = obj.fields.get("$spec")
    if spec is None:
        return tensors.opaque_result(run, "module", obj, args, node)
    if spec.kind == "container":
        return chain(run, obj, args, node)
    return apply_layer(run, obj, spec, args, place or run.place(node))


def chain(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    """A value through the modules of a container, one after the other."""
    value = args.positional[0] if args.positional else next(iter(args.keywords.values()), flow.unknown(()))
    plain = not str(obj.fields.get("$container", obj.cls)).endswith("Sequential")
    if plain or run.chains > _DEEPEST_CHAIN:  # a container may hold itself
        return tensors.opaque_result(run, "unknown", obj, args, node)
    run.chains += 1
    for item in objects.contents(obj):
        inputs = Args([value])
        value = calls.each(
            run,
            options(item),
            lambda option, inputs=inputs: (
                forward(run, option, inputs, node, option.at)  # type: ignore[misc]
                if tree.is_module(option)
                else calls.call(run, option, inputs, node)
            ),
        )
    if obj.fields.get("$more"):
        value = tensors.make(run, Tensor("unknown", (value,), run.place(node), flow.carries(value)))
    run.chains -= 1
    return value


def apply_layer(run: Interpreter, obj: Obj, spec: LayerSpec, args: Args, place: Place) -> Value:
    """One library layer on its input."""
    inputs = tuple(value for value in args.values() if flow.flows(value))
    graph = flow.attached(run, inputs)
    if spec.parametric and run.flags["grad"] is not False:
        graph = True if run.flags["grad"] else None
    tensor = tensors.make(run, Tensor(spec.kind, inputs, place, graph, layer=obj))
    if run.several:
        run.record.doubtful.add(id(tensor))
    if spec.kind in ("recurrent", "embedding"):
        devices.entered(run, obj, spec.kind, args)
    name = str(obj.cls).rpartition(".")[2]
    if spec.kind == "recurrent" and not name.endswith("Cell"):
        state: Value = Tensor("view", (tensor,), place, graph, extra=STATE)
        return Tuple((tensor, Tuple((state, state)) if name == "LSTM" else state))
    if name == "LSTMCell":
        return Tuple((tensor, Tensor("view", (tensor,), place, graph)))
    if spec.kind == "attention" and name == "MultiheadAttention":
        return Tuple((tensor, Tensor("cut", (tensor,), place, False)))
    return tensor
