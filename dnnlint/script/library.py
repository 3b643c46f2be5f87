"""What calls into libraries do, looked up by canonical dotted name."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Mode
from dnnlint.script import (
    attributes,
    builtin,
    calls,
    containers,
    contexts,
    data,
    engines,
    flow,
    guesses,
    indexing,
    inspection,
    ir,
    iterators,
    losses,
    module_methods,
    networks,
    parameters,
    parsers,
    processes,
    searches,
    stepping,
    tensors,
    training,
)
from dnnlint.script.tables import factories, frameworks, functions, inert, layers, optimizers
from dnnlint.script.tables.tensors import HOST, METHODS
from dnnlint.script.values import Args, Class, Const, Ext, Func, Handler, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_NN_FILE = re.compile(r"^torch\.nn\.(?:modules(?:\.\w+)?|intrinsic|quantizable)\.(?=[A-Z])")
_OPTIM_FILE = re.compile(r"^torch\.optim\.(?!lr_scheduler|swa_utils)\w+\.(?=[A-Z])")
_CANONICAL: dict[str, str] = {}
_STARS = {
    "torch": "nn optim utils autograd cuda Tensor tensor zeros ones randn rand cat stack no_grad manual_seed device",
    "torch.nn": " ".join(layers.LAYERS) + " Module Parameter functional init CrossEntropyLoss MSELoss BCELoss "
    "BCEWithLogitsLoss NLLLoss L1Loss SmoothL1Loss HuberLoss KLDivLoss utils DataParallel",
    "torch.optim": "Adam AdamW SGD RMSprop Adagrad Adadelta Adamax LBFGS NAdam RAdam lr_scheduler Optimizer",
    "torch.utils.data": "DataLoader Dataset TensorDataset IterableDataset Subset random_split ConcatDataset Sampler "
    "RandomSampler SequentialSampler SubsetRandomSampler WeightedRandomSampler BatchSampler DistributedSampler",
    "torch.nn.functional": " ".join(
        name.rpartition(".")[2] for name in functions.FUNCTIONS if name.startswith("torch.nn.functional.")
    )
    + " cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss binary_cross_entropy binary_cross_entropy_with_logits",
}


def canonical(dotted: str) -> str:
    """The short name of something that can be imported by several."""
    known = _CANONICAL.get(dotted)
    if known is None:
        known = dotted.removeprefix("builtins.")
        known = _NN_FILE.sub("torch.nn.", known)
        known = _OPTIM_FILE.sub("torch.optim.", known)
        known = known.replace("torch.utils.data.dataloader.", "torch.utils.data.")
        known = known.replace("torch.utils.data.dataset.", "torch.utils.data.")
        known = known.replace("torch.utils.data.distributed.", "torch.utils.data.")
        known = known.replace("torch.nn.parameter.", "torch.nn.")
        _CANONICAL[dotted] = known
    return known


def star_names(module: str) -> list[str]:
    """What ``from module import *`` binds, for the few libraries where that is usual."""
    return _STARS.get(module, "").split()


def call(run: Interpreter, dotted: str, args: Args, node: Any) -> Value:
    """The result of calling a library's function or class."""
    name = canonical(dotted)
    handler = _exact(name)
    if handler is not None:
        return handler(run, args, node)
    wrapper = frameworks.MODEL_WRAPPERS.get(name)
    if wrapper is not None:
        return engines.wrapped(run, wrapper, args, node)
    head = name.partition(".")[0]
    if head == "torch":
        known = _torch(run, name, args, node)
        if known is not None:
            return known
    elif name in layers.OTHER_LAYERS:
        return networks.new_layer(name, layers.OTHER_LAYERS[name], args, run.place(node))
    made = training.make(run, name, args, node)
    if made is not None:
        return made
    kind = functions.FUNCTIONS.get(name)
    if kind is not None:
        return tensors.operate(run, kind, args, node)
    if name in inert.INERT_NAMES or name.startswith(inert.INERT_PREFIXES) or head in inert.INERT_PACKAGES:
        return flow.unknown(())
    factory = training.network(run, name, args, node)
    if factory is not None:
        return factory
    return unresolved(run, name, args, node)


def _torch(run: Interpreter, name: str, args: Args, node: Any) -> Value | None:
    if name.startswith("torch.nn."):
        short = name[9:]
        spec = layers.LAYERS.get(short)
        if spec is not None:
            if spec.kind == "container":
                return networks.container(run, name, spec, args, node)
            layer = networks.new_layer(name, spec, args, run.place(node))
            layer.fields["$clock"] = run.tick()
            if type(node) is ir.Call:
                networks.literal_rate(run, layer, node)
            return layer
    if name in functions.FRESH:
        return losses.fresh(run, name, args, node)
    kind = functions.FUNCTIONS.get(name)
    if kind is not None:
        short = name.rpartition(".")[2]
        first = args.get(0, "input")
        if type(first) is Tensor and METHODS.get(short) == kind and short in ("max", "min", "topk", "sort", "median"):
            return tensors.method(run, first, short, Args(args.positional[1:], args.keywords), node)
        if name in functions.TRAINING_ARGUMENT and not losses.active(run, name, args):
            return tensors.operate(run, "view", Args(args.positional[:1]), node)
        return tensors.operate(run, kind, args, node)
    if name.startswith("torch.nn.init."):
        tensor = args.get(0, "tensor")
        if tensor is not None:
            parameters.initialise(run, tensor, name[14:], args, 1, node)
            return tensor
    return losses.call(run, name, args, node)


def unresolved(run: Interpreter, name: str, args: Args, node: Any) -> Value:
    """A function that no table knows and no project file defines."""
    func = Ext(name)
    searches.called(run, name.rpartition(".")[2], node)
    run.record.havoc(run, args.values(), func)
    return tensors.opaque_result(run, "unknown", func, args, node)


@cache
def _handlers() -> dict[str, Handler]:
    """The functions with an entry of their own; of two rooms that know one name, the later here has the word."""
    rooms = (data, contexts, processes, training, iterators, parsers, inspection, containers, builtin)
    return {name: handler for room in rooms for name, handler in room.HANDLERS.items()}


def _exact(name: str) -> Handler | None:
    return _handlers().get(name)


# methods of library objects


def method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    """``obj.name(...)`` where no project class defines the method."""
    handler = _methods().get(obj.kind)
    if handler is not None:
        result = handler(run, obj, name, args, node)
        if result is not None:
            return result
    if obj.kind in ("instance", "dataset") and type(obj.cls) is Class:
        return _inherited(run, obj, name, args, node)
    if obj.kind == "opaque":
        return networks.call_unknown(run, attributes.get_attribute(run, obj, name, node), args, node)
    return flow.unknown([obj, *args.values()])


def _inherited(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    value = obj.fields.get(name)
    if isinstance(value, Value):
        return calls.call(run, value, args, node)
    if obj.fields.get("$open") or obj.cls.foreign():
        run.record.havoc(run, [obj, *args.values()], Ext(name))
    return flow.unknown([obj, *args.values()])


def super_call(run: Interpreter, obj: Obj, bases: list[Value], name: str, args: Args, node: Any) -> Value:
    """``super().name(...)`` that reaches a library class."""
    if name == "__init__":
        if obj.kind == "optimizer" and args.positional:
            stepping.take_parameters(run, obj, args.positional[0])
        elif obj.kind == "module" and "$spec" in obj.fields:
            init_from_base(run, obj, args, node)
        return Const(None)
    if name == "forward" and "$spec" in obj.fields:
        spec = obj.fields["$spec"]
        if spec.kind == "container":
            return networks._chain(run, obj, args, node)
        return networks.apply_layer(run, obj, spec, args, run.place(node))
    return method(run, obj, name, args, node)


def init_from_base(run: Interpreter, obj: Obj, args: Args, node: Any) -> None:
    """Construct the library part of a project class that has no constructor of its own."""
    for base in obj.cls.foreign():
        if type(base) is not Ext:
            continue
        short = canonical(base.dotted)
        spec = layers.LAYERS.get(short[9:]) if short.startswith("torch.nn.") else None
        if spec is not None:
            if spec.kind == "container":
                made = networks.container(run, short, spec, args, node)
            else:
                made = networks.new_layer(short, spec, args, obj.at)
            obj.fields.update({k: v for k, v in made.fields.items() if k in ("$spec", "$args", "$items", "$more")})
        elif short in optimizers.OPTIMIZERS and args.positional:
            stepping.take_parameters(run, obj, args.positional[0])


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
            return super_call(run, first, [], name, Args(args.positional[1:], args.keywords), node)
    return flow.unknown(args.values())


_MODULE_BASES = frozenset(
    {
        "torch.nn.Module",
        "torch.jit.ScriptModule",
        "torch_geometric.nn.MessagePassing",
        "torch_geometric.nn.conv.MessagePassing",
    }
)
_FUNCTION_BASES = frozenset({"torch.autograd.Function", "Exception", "ValueError", "RuntimeError", "Enum", "enum.Enum"})


_NETWORK_BASE = re.compile(r"(?:Model|Net|Network|Module|Transformer|Encoder|Decoder|Backbone|Classifier)$")


def closed_base(base: Value) -> bool:
    """Whether a library base adds nothing that is not known: a bare nn.Module, a layer, a data set, object."""
    if type(base) is not Ext:
        return False
    name = canonical(base.dotted)
    short = name[9:] if name.startswith("torch.nn.") else ""
    return name in _MODULE_BASES or short in layers.LAYERS or name in _PLAIN_BASES or data.is_dataset(name)


_PLAIN_BASES = frozenset({"object", "abc.ABC", "ABC", "NamedTuple", "typing.NamedTuple", "typing.Generic", "Protocol"})


def class_kind(cls: Class) -> str:
    """What instances of a project class are: networks, optimisers, data sets or plain objects."""
    foreign = cls.foreign()
    for base in foreign:
        if type(base) is not Ext:
            continue
        name = canonical(base.dotted)
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
        if name in losses.LOSSES or factories.network(name) is not None or _NETWORK_BASE.search(name):
            return "module"
    if type(cls.find("forward")) is Func and foreign:
        return "module"
    return "instance"


def call_object(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    """Calling an object that is no network and defines no __call__."""
    if obj.kind == "loss":
        return losses.apply(run, obj.fields["$loss"], args, node, obj)
    if obj.kind == "callable_scaler":
        return stepping.scaled_step(run, args, node)
    if obj.kind == "context":
        return args.positional[0] if args.positional else flow.unknown(())
    searches.called(run, obj.name, node)
    return networks.call_unknown(run, obj, args, node)


def click_option(run: Interpreter, func: Func, decorator: Any) -> None:
    """``@click.option("--lr", default=0.1)``: the default is what a run without arguments sees."""
    from dnnlint.script.expressions import arguments

    args = arguments(run, decorator)
    names = [value.value for value in args.positional if type(value) is Const and isinstance(value.value, str)]
    default = args.keywords.get("default")
    if default is None and any("/" in name for name in names):
        default = Const(False)
    for name in names:
        bare = name.partition("/")[0].lstrip("-").replace("-", "_")
        if type(default) is Const:
            func.options[bare] = Const(default.value, True)
        elif "is_flag" in args.keywords:
            func.options[bare] = Const(False, True)


def _opaque_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    known = guesses.opaque_method(run, obj, name, args, node)
    if known is not None:
        return known
    kind = "cut" if name in HOST else METHODS.get(name)
    if kind is not None and (obj.sources or name in ("item", "detach", "numpy", "argmax", "tolist")):
        inputs = (obj, *[value for value in args.values() if flow.flows(value)])
        graph = False if kind == "cut" else flow.attached(run, inputs)
        if kind == "view":
            return obj
        return tensors.make(run, Tensor(kind, inputs, run.place(node), graph))
    if name in (
        "to",
        "cuda",
        "cpu",
        "float",
        "half",
        "double",
        "contiguous",
        "clone",
        "requires_grad_",
        "share_memory",
    ):
        return obj
    if name in ("get", "pop", "setdefault") and args.positional:
        return indexing.get_item(run, obj, args.positional[0], node)
    if name in ("items", "values", "keys"):
        return flow.unknown((obj,), obj.name)
    searches.called(run, name, node)
    return None


@cache
def _methods() -> dict[str, Callable[[Any, Obj, str, Args, Any], Value | None]]:
    """What knows the methods of each kind of object."""
    return {
        "module": module_methods.module_method,
        "optimizer": stepping.optimizer_method,
        "opaque": _opaque_method,
        "scaler": stepping.scaler_method,
        "engine": engines.engine_method,
        "scheduler": module_methods.inert_method,
        "loss": losses.method,
        "loader": data.loader_method,
        "list": containers.list_method,
        "dict": containers.dict_method,
        "parser": parsers.parser_method,
        "namespace": parsers.namespace_method,
        "context": module_methods.inert_method,
    }
