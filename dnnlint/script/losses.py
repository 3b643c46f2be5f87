"""Losses applied, and tensors made from nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dnnlint.script import flow, objects, tensors
from dnnlint.script.code import Args
from dnnlint.script.events import devices, starts, timeline
from dnnlint.script.facts import loss_calls
from dnnlint.script.tables import functions
from dnnlint.script.tables.losses import FUNCTIONAL, LOSSES, OTHER_FUNCTIONAL, OTHER_LOSSES, LossSpec
from dnnlint.script.values import ZEROS, Const, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_RANDOM_COUNTS = ("randint", "randint_like", "bernoulli", "multinomial")
_DRAWS = {"randn": ("normal", 1.0), "randn_like": ("normal", 1.0), "rand": ("uniform", 1 / math.sqrt(12))}


def call(run: Interpreter, name: str, args: Args, node: Any) -> Value | None:
    """A loss class or a loss function; None if the name is neither."""
    short = name.rpartition(".")[2]
    spec = LOSSES.get(short) if name.startswith("torch.nn.") and name.count(".") == 2 else OTHER_LOSSES.get(name)
    if spec is not None:
        obj = Obj("loss", name, run.place(node))
        obj.fields["$loss"] = spec
        obj.fields["$args"] = dict(args.keywords)
        obj.fields["$open"] = args.open or bool(args.positional)
        return obj
    kind = FUNCTIONAL.get(name)
    spec = LOSSES[kind] if kind is not None else OTHER_FUNCTIONAL.get(name)
    return apply(run, spec, args, node, None) if spec is not None else None


def apply(run: Interpreter, spec: LossSpec, args: Args, node: Any, loss: Obj | None) -> Value:
    """A loss on a prediction and a target: a fact, and a node of the data flow."""
    prediction, target = loss_calls.sides(spec, args)
    inputs = tuple([value for value in args.values() if flow.flows(value)])
    # squared error does not care for the order, and many write it the other way round
    turned = spec.regression and prediction is not None and target is not None and _swapped(prediction, target)
    loss_calls.state(run, spec, args, node, loss, turned)
    made = Tensor("loss", inputs, run.place(node), flow.attached(run, inputs), extra=spec.kind, args=args)
    starts.computed(run, made, loss.fields.get("$args", {}) if loss is not None else args.keywords)
    timeline.loss(run, made, made.at)
    if prediction is not None and target is not None:
        devices.compared(run, prediction, target, node)
    if not _averages(spec, args, loss):
        run.record.reduced.add(id(made))
        run.record.alive.append(made)
    return tensors.make(run, made)


def _averages(spec: LossSpec, args: Args, loss: Obj | None) -> bool:
    """Whether a loss is certainly the mean over its batch."""
    given = args.keywords if loss is None else loss.fields["$args"]
    way = given.get("reduction")
    settled = way is None or (type(way) is Const and way.value == "mean")
    return settled and not {"size_average", "reduce"} & set(given) and spec.kind in LOSSES and not args.open


def _swapped(prediction: Value, target: Value) -> bool:
    """Whether the value that learns stands where the target belongs."""
    return flow.carries(prediction) is False and flow.carries(target) is True


def method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a loss object: moving it leaves it what it is."""
    if name in ("forward", "__call__"):
        return apply(run, obj.fields["$loss"], args, node, obj)
    if name in ("to", "cuda", "cpu", "train", "eval", "half", "float", "double", "requires_grad_"):
        return obj
    return flow.unknown(())


def fresh(run: Interpreter, name: str, args: Args, node: Any) -> Value:
    """torch.zeros, torch.randn, torch.tensor ...: no graph, unless asked for."""
    short = name.rpartition(".")[2]
    first = args.get(0, "data")
    if short == "as_tensor" and first is not None and flow.tensorial(first):
        return tensors.operate(run, "view", args, node, short)
    wanted = args.keywords.get("requires_grad")
    graph_wanted = wanted is not None and run.truth(wanted)[0]
    inputs = tuple([value for value in args.values() if flow.flows(value)])
    op = "leaf" if graph_wanted else "fresh"
    if short == "randperm":
        return Tensor("shuffled", (), run.place(node), False, name=short, args=args)
    extra: Any = _DRAWS.get(short)
    if short in ("randn", "rand"):
        extra, inputs = (*_DRAWS[short], _shape(args)), ()  # a generator is no data
    elif short in ("zeros", "zeros_like"):
        extra = ZEROS
    elif short in ("ones", "arange"):
        extra = ("count", None)
    elif short == "empty":
        extra = ("empty", None, _shape(args))  # until it is drawn in place
    elif short in _RANDOM_COUNTS:
        extra = ("drawn", None)
    if op == "fresh" and inputs and any(type(value) is Tensor for value in inputs):
        zeros = extra if short == "zeros_like" else None
        return tensors.make(run, Tensor("cut", inputs, run.place(node), False, extra=zeros, name=short, args=args))
    extra = extra or _of_data(first)
    return tensors.make(
        run, Tensor(op, inputs, run.place(node), bool(graph_wanted), extra=extra, name=short, args=args)
    )


def _shape(args: Args) -> tuple[int, ...] | None:
    """The shape that a draw is given, as far as it is written in numbers."""
    first = args.get(0, "size")
    given = objects.known_items(first) if first is not None and len(args.positional) < 2 else None
    sizes = [value.value for value in given or args.positional if type(value) is Const and type(value.value) is int]
    return tuple(sizes) if sizes and not args.open and len(sizes) == len(given or args.positional) else None


def _of_data(first: Value | None) -> Any:
    if type(first) is Const and isinstance(first.value, (int, float)):
        return ("constant", 0.0)
    return None


def active(run: Interpreter, name: str, args: Args) -> bool:
    """Whether a function like F.dropout acts here."""
    position, keyword, default = functions.TRAINING_ARGUMENT[name]
    value = args.get(position, keyword)
    if value is None:
        return default or args.open
    known, _ = run.truth(value)
    return known is not False
