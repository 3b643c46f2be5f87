"""Library classes as bases of project classes: what instances then are, and what they inherit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Mode
from dnnlint.script import data, flow, library_objects, losses, scheduling, stepping, tensors
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.events import construction
from dnnlint.script.networks import building, forward
from dnnlint.script.tables import aliases, factories, frameworks, layers, optimizers
from dnnlint.script.tables.losses import LOSSES, OTHER_LOSSES, LossSpec
from dnnlint.script.values import Const, Ext, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MODULE_BASES = frozenset({
    "torch.nn.Module", "torch.jit.ScriptModule", "torch_geometric.nn.MessagePassing",
    "torch_geometric.nn.conv.MessagePassing",
})  # fmt: skip
_FUNCTION_BASES = frozenset({
    "torch.autograd.Function", "torch.autograd.function.Function", "torch.autograd.function.InplaceFunction",
})  # fmt: skip
_PLAIN_BASES = frozenset({"object", "abc.ABC", "ABC", "NamedTuple", "typing.NamedTuple", "typing.Generic", "Protocol"})
_NETWORK_BASE = re.compile(r"(?:Model|Net|Network|Module|Transformer|Encoder|Decoder|Backbone|Classifier)$")


def class_kind(cls: Class) -> str:
    """What instances of a project class are: networks, optimisers, data sets or plain objects."""
    foreign = cls.foreign()
    for base in foreign:
        if type(base) is not Ext:
            continue
        name = aliases.canonical(base.dotted)
        if name in _MODULE_BASES or (name.startswith("torch.nn.") and name[9:] in layers.LAYERS):
            return "module"
        if name in frameworks.LIGHTNING_MODULES or name.endswith(
            (".LightningModule", ".PreTrainedModel", "PyTorchModelHubMixin")
        ):
            return "module"
        if name in optimizers.OPTIMIZERS:
            return "optimizer"
        if name.startswith("torch.optim.lr_scheduler"):
            return "scheduler"
        if data.is_dataset(name):
            return "dataset"
        if name in _FUNCTION_BASES:
            return "function"
        if _loss(name) is not None:
            return "module" if type(cls.find("forward")) is Func else "loss"
        if factories.network(name) is not None or _NETWORK_BASE.search(name):
            return "module"
    if type(cls.find("forward")) is Func and foreign:
        return "module"
    return "instance"


def closed_base(base: Value) -> bool:
    """Whether a library base adds nothing that is not known: a bare nn.Module, a layer, a data set, object."""
    if type(base) is not Ext:
        return False
    name = aliases.canonical(base.dotted)
    short = name[9:] if name.startswith("torch.nn.") else ""
    if name in _MODULE_BASES or short in layers.LAYERS or name in _PLAIN_BASES:
        return True
    return data.is_dataset(name) or _loss(name) is not None


def init_from_base(run: Interpreter, obj: Obj, args: Args, node: Any) -> None:
    """Construct the library part of a project class that has no constructor of its own."""
    for base in obj.cls.foreign():
        if type(base) is not Ext:
            continue
        name = aliases.canonical(base.dotted)
        if name in _MODULE_BASES:
            continue
        spec = layers.LAYERS.get(name[9:]) if name.startswith("torch.nn.") else None
        if spec is not None:
            if spec.kind == "container":
                made = building.container(run, name, spec, args, node)
            else:
                made = building.new_layer(name, spec, args, obj.at)
            obj.fields.update({k: v for k, v in made.fields.items() if k in ("$spec", "$args", "$items", "$more")})
            obj.fields["$container"] = name
        elif _loss(name) is not None:
            run.write(obj.fields, "$loss", _loss(name))
            run.write(obj.fields, "$args", dict(args.keywords))
        elif name in optimizers.OPTIMIZERS and args.positional:
            stepping.take_parameters(run, obj, args.positional[0])


def _loss(name: str) -> LossSpec | None:
    """The loss that a class of this canonical name is."""
    return LOSSES.get(name[9:]) if name.startswith("torch.nn.") else OTHER_LOSSES.get(name)


def super_call(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    """``super().name(...)`` that reaches a library class."""
    if name == "__init__":
        if obj.kind == "scheduler":
            scheduling.inherited(run, obj, args)
        construction.base_initialised(obj, run.place(node))
        if obj.kind == "optimizer" and args.positional:
            stepping.take_parameters(run, obj, args.positional[0])
        elif obj.kind == "dataset" and "transform" in args.keywords:
            run.write(obj.fields, "transform", args.keywords["transform"])
        elif obj.kind in ("module", "loss"):
            init_from_base(run, obj, args, node)
        return Const(None)
    if name in ("forward", "__call__") and "$loss" in obj.fields:
        return losses.apply(run, obj.fields["$loss"], args, node, obj)
    if name == "forward" and "$spec" in obj.fields:
        spec = obj.fields["$spec"]
        if spec.kind == "container":
            return forward.chain(run, obj, args, node)
        return forward.apply_layer(run, obj, spec, args, run.place(node))
    return library_objects.method(run, obj, name, args, node)


def class_method(run: Interpreter, cls: Class, name: str, args: Args, node: Any) -> Value:
    """``Class.name(...)`` inherited from a library: ``Function.apply``, ``Model.from_pretrained``."""
    if name in ("from_pretrained", "load_from_checkpoint", "from_config"):
        made = Obj("module", cls, run.place(node))
        made.fields["$open"] = True
        mode = Mode.EVAL if name == "from_pretrained" else Mode.TRAIN
        made.fields["$mode"] = frozenset({(mode, None, 0)})
        return made
    if name == "apply":
        return tensors.opaque_result(run, "unknown", cls, args, node)
    if name == "__init__" and args.positional:
        first = args.positional[0]
        if type(first) is Obj:
            return super_call(run, first, name, Args(args.positional[1:], args.keywords), node)
    return flow.unknown(args.values())
