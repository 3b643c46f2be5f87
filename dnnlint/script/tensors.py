"""Tensors: operations, methods and attributes, as nodes of the data flow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence import vocabulary
from dnnlint.script import data, draws, flow, handwritten, lengths, parameters, recurrent
from dnnlint.script.code import Args, Class
from dnnlint.script.events import axes, backpropagation, clearing, devices, escapes, gradients, starts, updates
from dnnlint.script.facts import initialisation, numerics
from dnnlint.script.networks import modes, naming
from dnnlint.script.tables import pictures
from dnnlint.script.tables.tensors import FRESH_METHODS, HOST, METADATA, METHODS, PAIRS, SEVERAL
from dnnlint.script.values import HOT, NOWHERE, SIZE, ZEROS, Const, Ext, Obj, Tensor, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_INIT = frozenset({"normal_", "uniform_", "fill_", "zero_", "xavier_uniform_", "kaiming_normal_", "trunc_normal_"})
_VAGUE = frozenset({"unknown", "module", "batch", "output", "input"})
_OF_DATA = frozenset({"loader", "dataset", "sampler", "transform"})
_MOVES = frozenset({"to", "cuda", "cpu", "type", "type_as"})
_LOADERISH = re.compile(r"loader|batches|dataset|data", re.IGNORECASE)


def make(run: Interpreter, tensor: Tensor) -> Tensor:
    """Register a new node of the data flow with the forward it belongs to."""
    if run.operations is not None:
        run.operations.append(tensor)
    if tensor.op in vocabulary.SATURATING:
        initialisation.state_of_tensors(run, tensor)
    elif tensor.op in numerics.WATCHED:
        numerics.look(run, tensor)
    return tensor


def learn(tensor: Tensor) -> None:
    """A tensor that was made from nothing needs gradients from now on, under whatever name it is known."""
    tensor.op, tensor.attached = "leaf", True


def operate(run: Interpreter, kind: str, args: Args, node: Any, name: str = "") -> Tensor:
    """A function of tables applied to its arguments."""
    inputs = tuple([value for value in args.values() if flow.flows(value)])
    graph = False if kind == "cut" else flow.attached(run, inputs)
    if run.record.agreeing and name in ("mean", "sum") and inputs:
        axes.reduced(run, name, inputs[0])
    made = make(run, Tensor(kind, inputs, run.place(node), graph, name=name, args=args))
    if kind in handwritten.REDUCTIONS:
        handwritten.reduced(run, made, node)
    return made


def opaque_result(run: Interpreter, op: str, func: Value, args: Args, node: Any) -> Value:
    """What calling something unknown gives: data that came from its arguments, or nothing that is known."""
    inputs = tuple([value for value in args.values() if flow.flows(value)])
    if type(func) is Tensor or (type(func) is Obj and func.kind == "opaque" and func.sources):
        inputs = (*inputs, func)
    if op == "unknown":
        return Obj("opaque", None, run.place(node), sources=inputs)
    graph = None
    if run.flags["grad"] is False:
        graph = False
    elif op == "module" and run.flags["grad"] and type(func) is Obj and func.kind == "module":
        graph = True
    layer = func if op == "module" and type(func) is Obj and func.kind == "module" else None
    return make(run, Tensor(op, inputs, run.place(node), graph, layer=layer))


def method(run: Interpreter, tensor: Tensor, name: str, args: Args, node: Any) -> Value:
    """``tensor.name(...)``."""
    if name == "backward":
        backpropagation.backward(run, tensor, node, starts.given_gradient(args))
        return Const(None)
    if name in _UPDATES:
        for value in args.values():
            update(run, tensor, value, node)
    if tensor.op in ("parameter", "gradient", "cut", "view") and (name in _INIT or name in ("copy_", "mul_", "div_")):
        written = _write(run, tensor, name, args, node)
        if written is not None:
            return written
    if name == "requires_grad_":
        return _required(run, tensor, args, node)
    kind = "cut" if name in HOST else METHODS.get(name)
    if kind is not None:
        return _known_method(run, tensor, name, kind, args, node)
    if name in METADATA:
        return lengths.asked(run, metadata(run, tensor, name), tensor, name, args)
    if name in FRESH_METHODS:
        return make(run, Tensor("fresh", (), run.place(node), False, extra=ZEROS if name == "new_zeros" else None))
    if name in ("register_hook", "retain_grad", "share_memory_", "record_stream"):
        return flow.unknown(())
    return _unknown_method(run, tensor, name, args, node)


def _required(run: Interpreter, tensor: Tensor, args: Args, node: Any) -> Value:
    """``tensor.requires_grad_(...)``."""
    wanted = args.get(0, "requires_grad")
    if wanted is None or run.truth(wanted)[0]:
        if tensor.op != "parameter":
            run.record.wanted.add(id(tensor))
            run.record.alive.append(tensor)
        if tensor.op == "fresh":
            learn(tensor)
            return tensor
        return tensor if tensor.op == "parameter" else Tensor("leaf", (tensor,), run.place(node), True)
    owner = parameters.owner_of(tensor) if tensor.op == "parameter" else None
    if type(owner) is Obj:
        run.write(owner.fields, "$frozen", True)
    return tensor


def _unknown_method(run: Interpreter, tensor: Tensor, name: str, args: Args, node: Any) -> Value:
    if name == "zero_grad":
        clearing.clear(run, None, node)
    if name == "step":
        return flow.unknown(())
    if name == "to_numpy" or (
        name in pictures.METHODS and (name == "astype" or tensor.op in ("pixels", "view", "cut"))
    ):
        given = Args([tensor, *args.positional], args.keywords, args.open)
        return make(run, Tensor("view", (tensor,), run.place(node), tensor.attached, name=name, args=given))
    escapes.havoc(run, args.values())
    op = "batch" if tensor.op == "batch" else "unknown"
    inputs = (tensor, *[value for value in args.values() if flow.flows(value)])
    return make(run, Tensor(op, inputs, run.place(node), flow.attached(run, (tensor,))))


def _known_method(run: Interpreter, tensor: Tensor, name: str, kind: str, args: Args, node: Any) -> Value:
    if name in PAIRS or name in SEVERAL:
        several = _several(run, tensor, name, kind, args, node)
        if name in ("max", "topk") and type(several) is Tuple:
            axes.chosen(run, tensor, several.items[1], name, args, node, position=int(name == "topk"))
        return several
    more = args.values() if name not in _MOVES else ()  # no data flows from a device or a type
    inputs = (tensor, *[value for value in more if flow.flows(value)])
    graph = False if kind == "cut" else flow.attached(run, inputs)
    if kind == "view" and not run.flags["grad"]:
        graph = tensor.attached
    given = Args([tensor, *args.positional], args.keywords, args.open)
    if kind == "clamp" and _rectifies(name, args):
        kind = "relu"
    extra = ZEROS if name == "zero_" else axes.KEPT if name in axes.KEEPING else tuple(given.positional)
    made = make(run, Tensor(kind, inputs, run.place(node), graph, extra=extra, name=name, args=given))
    if name == "scatter_" and tensor.op in ("fresh", "cut") and _ones(args):
        tensor.extra = HOT
    if name in _MOVES:
        devices.move_tensor(run, made, name, args)
    elif name == "norm":
        gradients.measured(run, tensor)
    elif name == "argmax":
        axes.chosen(run, tensor, made, name, args, node)
    elif name in ("eq", "ne") and args.positional:
        axes.compared(run, tensor, args.positional[0], made)
    elif kind in handwritten.REDUCTIONS:
        handwritten.reduced(run, made, node)
        if run.record.agreeing:
            axes.reduced(run, name, tensor)
    elif name in ("view", "reshape") and (run.lengths or tensor.extra == recurrent.STATE):
        lengths.viewed(run, made, tensor, args)
    return made


def _rectifies(name: str, args: Args) -> bool:
    """Whether a clamp is a rectifier: everything below zero is zero, and nothing else changes."""
    low = args.get(0, "min")
    high = args.get(1, "max")
    cut = type(low) is Const and not isinstance(low.value, bool) and low.value == 0
    return cut and name in ("clamp", "clamp_", "clamp_min", "clamp_min_") and (high is None or _is_none(high))


def _ones(args: Args) -> bool:
    value = args.get(2, "value") or args.get(2, "src")
    return type(value) is Const and value.value == 1


def _is_none(value: Value) -> bool:
    return type(value) is Const and value.value is None


_UPDATES = frozenset({"add_", "sub_", "addcmul_", "addcdiv_", "subtract_"})


def update(run: Interpreter, tensor: Tensor, value: Value, node: Any) -> None:
    """``p.data.add_(p.grad, alpha=-lr)``, ``p -= lr * p.grad``: a step written by hand."""
    root: Value = tensor
    while type(root) is Tensor and root.op in ("view", "cut") and root.inputs:
        root = root.inputs[0]
    raw = type(root) is Tensor and root.op == "leaf"
    if type(root) is Tensor and root.op != "parameter" and not (raw and updates.without_networks(run)):
        return  # an input that is attacked, a picture that is painted
    if any(type(part) is Tensor and part.op == "gradient" for part in _terms(value)):
        updates.hand_step(run, node)


def _terms(value: Value, depth: int = 0) -> list[Value]:
    found = [value]
    if type(value) is Tensor and value.op in ("mul", "neg", "view", "cut", "div", "sub", "add") and depth < 4:
        for part in value.inputs:
            found.extend(_terms(part, depth + 1))
    return found


def _write(run: Interpreter, tensor: Tensor, name: str, args: Args, node: Any) -> Value | None:
    if tensor.op == "gradient":
        given = args.get(0, "value")
        if name == "zero_" or (name in ("fill_", "mul_") and type(given) is Const and given.value == 0):
            clearing.clear_tensor(run, tensor.inputs[0], node)
            return tensor
        return None
    if tensor.op in ("cut", "view"):
        inner = tensor.inputs[0] if tensor.inputs else None
        if type(inner) is Tensor and inner.op in ("parameter", "gradient", "cut", "view"):
            return _write(run, inner, name, args, node)
        if type(inner) is Tensor and inner.op == "fresh" and name in _INIT:
            draws.initialise(run, inner, name, args, 0, node)
        return None
    if name in ("mul_", "div_"):
        factor = args.get(0, "other")
        if factor is not None and name == "mul_":
            draws.rescale(run, tensor, factor, node)
    elif name == "copy_":
        source = args.get(0, "src")
        if source is not None:
            draws.assign(run, tensor, source, node)
    else:
        draws.initialise(run, tensor, name, args, 0, node)
    return tensor


def _several(run: Interpreter, tensor: Tensor, name: str, kind: str, args: Args, node: Any) -> Value:
    graph = flow.attached(run, (tensor,))
    given = Args([tensor, *args.positional], args.keywords, args.open)
    made = make(run, Tensor(kind, (tensor,), run.place(node), graph, extra=name, name=name, args=given))
    if name in PAIRS and (args.positional or args.keywords or name in ("sort", "topk", "kthvalue")):
        return Tuple((made, Tensor("cut", (tensor,), run.place(node), False, name="arg" + name, args=given)))
    return made


def metadata(run: Interpreter, tensor: Tensor, name: str) -> Value:
    """Facts about a tensor that are no tensors; a layer's parameter tells its number of axes."""
    if name in ("ndim", "dim", "ndimension"):
        known = parameters.dimensions(tensor) if tensor.op == "parameter" else None
        return Const(... if known is None else known)
    if name in ("shape", "size") and tensor.op == "parameter":
        known = parameters.dimensions(tensor)
        if known is not None:
            return Tuple(tuple([Const(...) for _ in range(known)]))
    return SIZE if name in ("size", "shape", "__len__") else Const(...)


def item(run: Interpreter, tensor: Tensor, index: Value, node: Any) -> Value:
    """``tensor[index]``."""
    inputs = (tensor, index) if type(index) is Tensor else (tensor,)
    args = Args([tensor, index])
    if tensor.op == "batch":
        return Tensor("batch", inputs, run.place(node), False, name="[]", args=args)
    if tensor.op in ("unknown", "module") or (tensor.op == "output" and not _plain(tensor)):
        return Tensor("unknown", inputs, run.place(node), tensor.attached)
    return make(run, Tensor("view", inputs, run.place(node), tensor.attached, name="[]", args=args))


def _plain(tensor: Tensor) -> bool:
    inner = tensor.inputs[0] if tensor.inputs else None
    return type(inner) is Tensor and inner.op not in ("unknown", "module", "output")


def part(run: Interpreter, tensor: Tensor, index: int, name: str, node: Any) -> Value:
    """What one of several targets receives when a tensor is unpacked."""
    args = Args([tensor, Const(index)])
    if tensor.op == "batch":
        return Tensor("batch", (tensor,), run.place(node), False, extra=name, name="[]", args=args)
    if tensor.op in ("unknown", "module") or (tensor.op == "output" and not _plain(tensor)):
        return Tensor("unknown", (tensor,), run.place(node), tensor.attached, extra=name)
    return make(run, Tensor("view", (tensor,), run.place(node), tensor.attached, name="[]", args=args))


_OBJECT_CONSTANTS = {"training"}


def object_attribute(run: Interpreter, obj: Obj, name: str, node: Any) -> Value | None:
    """Attributes that library objects have; None if there is nothing special to say."""
    if obj.kind == "module":
        return _module_attribute(run, obj, name)
    if name == "__class__":
        return Ext(obj.cls) if isinstance(obj.cls, str) else flow.unknown(())
    if name == "param_groups" and obj.kind in ("optimizer", "opaque"):
        return parameters.groups(obj)
    if obj.kind == "optimizer" and name in ("state", "defaults"):
        return flow.unknown(())
    if obj.kind in _OF_DATA:
        return data.attribute(obj, name)
    if obj.kind == "namespace":
        return Obj("opaque", name=name)
    if obj.kind == "opaque" and name == "data" and obj.sources:
        return Tensor("cut", (obj,), run.place(node), False, name="data")
    if obj.kind == "opaque" and name == "training" and naming.network_like(obj):
        return modes.flag(run, obj)
    if obj.kind == "opaque" and name == "grad":
        gradients.look(run)
        return Tensor("gradient", (obj,), run.place(node), False)
    if obj.kind == "opaque" and name in ("shape", "device", "dtype"):
        return Const(...)
    return None


def _module_attribute(run: Interpreter, obj: Obj, name: str) -> Value | None:
    if name == "training":
        if run.forwards:
            obj.fields["$dependent"] = None  # its own forward acts by the mode
        states = {mode for mode, _, _ in modes.current(run, obj)}
        names = {str(mode) for mode in states}
        return Const(names == {"train"}) if names in ({"train"}, {"eval"}) else modes.flag(run, obj)
    spec = obj.fields.get("$spec")
    if spec is not None and spec.parametric and name in ("weight", "bias"):
        bias = obj.fields["$args"].get("bias")
        if name == "bias" and type(bias) is Const and not bias.value:
            return Const(None)
        return Tensor("parameter", (), NOWHERE, True, layer=obj, extra=name)
    if spec is not None and name in obj.fields["$args"]:
        value: Value = obj.fields["$args"][name]
        return value
    if name in ("module", "_orig_mod") and "module" not in obj.fields:
        return obj
    if name == "__class__" and type(obj.cls) is not Class:
        return Ext(str(obj.cls))
    items = obj.fields.get("$items")
    if isinstance(items, dict) and name in items:
        return items[name]  # type: ignore[no-any-return]
    return None


__all__ = ["_LOADERISH", "_VAGUE"]
