"""What calls into libraries do, looked up by canonical dotted name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from dnnlint.script import (
    builtin,
    containers,
    contexts,
    data,
    draws,
    engines,
    fitting,
    inspection,
    ir,
    iterators,
    losses,
    parsers,
    pictures,
    processes,
    reproducibility,
    samplers,
    searches,
    selections,
    strings,
    tabular,
    tensors,
    training,
    transforms,
)
from dnnlint.script.code import Args, Handler
from dnnlint.script.events import axes, clipping, communication, construction, devices, dropout, escapes, keepsakes
from dnnlint.script.networks import building
from dnnlint.script.tables import aliases, frameworks, functions, inert, layers
from dnnlint.script.tables.tensors import METHODS
from dnnlint.script.values import Const, Ext, Obj, Tensor, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def call(run: Interpreter, dotted: str, args: Args, node: Any) -> Value:
    """The result of calling a library's function or class."""
    name = aliases.canonical(dotted)
    handler = _handlers().get(name)
    if handler is not None:
        return handler(run, args, node)
    wrapper = frameworks.MODEL_WRAPPERS.get(name)
    if wrapper is not None:
        if "Parallel" in name:
            devices.scattered(args)
        return engines.wrapped(run, wrapper, args, node)
    head = name.partition(".")[0]
    if head == "torch":
        known = _torch(run, name, args, node)
        if known is not None:
            return known
    elif name in layers.OTHER_LAYERS:
        return building.new_layer(name, layers.OTHER_LAYERS[name], args, run.place(node))
    made = training.make(run, name, args, node)
    if made is not None:
        return made
    kind = functions.FUNCTIONS.get(name)
    if kind is not None:
        return tensors.operate(run, kind, args, node, name.rpartition(".")[2])
    if head in ("numpy", "scipy") and any(type(value) is Tensor for value in args.positional[:2]):
        return tensors.operate(run, "cut", args, node, name.rpartition(".")[2])
    if name in inert.INERT_NAMES or name.startswith(inert.INERT_PREFIXES) or head in inert.INERT_PACKAGES:
        if head == "sklearn" and run.record.chosen:
            axes.measured(run, args.positional)
        return fitting.array(run, args, head, name.rpartition(".")[2])
    factory = training.network(run, name, args, node)
    if factory is not None:
        return factory
    return unresolved(run, name, args, node)


_AS_METHODS = frozenset({"max", "min", "topk", "sort", "median", "argmax", "eq", "ne", "reshape"})


def _built(run: Interpreter, layer: Obj, spec: layers.LayerSpec, node: Any) -> None:
    layer.fields["$clock"] = run.tick()
    if type(node) is ir.Call:
        building.literal_rate(run, layer, node)
        dropout.built(run, layer, node)
    construction.layer_built(run, layer, spec, node)


def _torch(run: Interpreter, name: str, args: Args, node: Any) -> Value | None:
    if name.startswith("torch.nn."):
        short = name[9:]
        spec = layers.LAYERS.get(short)
        if spec is not None:
            if spec.kind == "container":
                return building.container(run, name, spec, args, node)
            layer = building.new_layer(name, spec, args, run.place(node))
            _built(run, layer, spec, node)
            return layer
    if name in functions.FRESH:
        fresh = losses.fresh(run, name, args, node)
        devices.made(run, fresh, name.rpartition(".")[2], args)
        return fresh
    kind = functions.FUNCTIONS.get(name)
    if kind is not None:
        short = name.rpartition(".")[2]
        first = args.get(0, "input")
        if type(first) is Tensor and METHODS.get(short) == kind and short in _AS_METHODS:
            others = {key: value for key, value in args.keywords.items() if key != "input"}
            return tensors.method(run, first, short, Args(args.positional[1:], others, args.open), node)
        if kind == "dropout":
            dropout.applied(run, name, args, node)
        if name in functions.TRAINING_ARGUMENT and not losses.active(run, name, args):
            return tensors.operate(run, "view", Args(args.positional[:1]), node)
        if kind in ("dropout", "attention"):
            construction.functional_dropout(run, name, kind, args, node)
        return tensors.operate(run, kind, args, node, short)
    if name == "torch.nn.init.calculate_gain":
        return Const(draws.gain(args))
    if name.startswith("torch.nn.init._calculate"):
        return Tuple((Const(...), Const(...)))
    if name.startswith("torch.nn.init."):
        tensor = args.get(0, "tensor")
        if tensor is not None:
            draws.initialise(run, tensor, name[14:], args, 1, node)
            return tensor
    return losses.call(run, name, args, node)


def unresolved(run: Interpreter, name: str, args: Args, node: Any) -> Value:
    """A function that no table knows and no project file defines."""
    func = Ext(name)
    searches.called(run, name.rpartition(".")[2], node)
    if "dropout_p" in args.keywords:
        construction.attention_dropout(run, name, args, node)
    elif "mode" in args.keywords:
        selections.monitored(run, name, args, node)
    escapes.havoc(run, args.values(), func)
    return tensors.opaque_result(run, "unknown", func, args, node)


@cache
def _handlers() -> dict[str, Handler]:
    """The functions with an entry of their own; of two rooms that know one name, the later here has the word."""
    rooms = (
        keepsakes,
        reproducibility,
        selections,
        data,
        pictures,
        tabular,
        fitting,
        samplers,
        strings,
        communication,
        transforms,
        contexts,
        clipping,
        processes,
        training,
        iterators,
        parsers,
        inspection,
        containers,
        builtin,
    )
    return {name: handler for room in rooms for name, handler in room.HANDLERS.items()}
