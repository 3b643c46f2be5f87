"""Losses applied, and tensors made from nothing."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import LossCall
from dnnlint.script import flow, graph, objects, spelling, tensors, transforms
from dnnlint.script.code import Args
from dnnlint.script.facts import nodes
from dnnlint.script.tables import functions
from dnnlint.script.tables.losses import FUNCTIONAL, LOSSES, OTHER_FUNCTIONAL, OTHER_LOSSES, LossSpec
from dnnlint.script.values import ZEROS, Const, Obj, Tensor, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_BOUNDED_NAME = re.compile(
    r"depth|count|mask|image|img|pixel|price|prob|dist(?:ance)?s?$|magnitude|energy|age$|length|size|area|volume|density|"
    r"heat|disparity|spectro|power|speed|intensity|iou|positive|nonneg|counts|duration|rate$",
    re.IGNORECASE,
)
_MOST_PARTS = 40  # nodes looked at behind a target
_NON_NEGATIVE = vocabulary.NON_NEGATIVE | {"clamp", "softplus", "log_softmax"}
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
        return obj
    kind = FUNCTIONAL.get(name)
    spec = LOSSES[kind] if kind is not None else OTHER_FUNCTIONAL.get(name)
    return apply(run, spec, args, node, None) if spec is not None else None


def apply(run: Interpreter, spec: LossSpec, args: Args, node: Any, loss: Obj | None) -> Value:
    """A loss on a prediction and a target: a fact, and a node of the data flow."""
    prediction = args.get(*spec.prediction)
    target = args.get(*spec.target) if spec.target is not None else None
    if prediction is None and args.positional:
        prediction = args.positional[0]
    inputs = tuple([value for value in args.values() if flow.flows(value)])
    if spec.regression and prediction is not None and target is not None and _swapped(prediction, target):
        prediction, target = target, prediction  # squared error does not care, and many write it so
    if prediction is not None:
        _state(run, spec, prediction, target, node, loss)
    made = Tensor("loss", inputs, run.place(node), flow.attached(run, inputs), extra=spec.kind, args=args)
    return tensors.make(run, made)


def _state(
    run: Interpreter, spec: LossSpec, prediction: Value, target: Value | None, node: Any, loss: Obj | None
) -> None:
    ends, known = graph.last(prediction)
    if not ends:
        return
    last = tuple([nodes.operation(end) for end in ends])
    before = tuple([nodes.operation(feeder) for end in ends if (feeder := _feeder(end)) is not None])
    bounded = (target is not None and _bounded(target, prediction)) or _spelled_bounded(node, spec)
    if bounded and target is not None:
        bounded = not any(transforms.centred(loader) for loader in graph.reach(target).loaders)
    run.record.state(
        LossCall(
            spec.kind,
            run.place(node),
            loss.at if loss is not None else None,
            last,
            known,
            before if len(before) == len(last) else (),
            bounded,
            target is not None and _from_network(target),
        )
    )


def _swapped(prediction: Value, target: Value) -> bool:
    """Whether the value that learns stands where the target belongs."""
    return flow.carries(prediction) is False and flow.carries(target) is True


def _feeder(end: Tensor) -> Tensor | None:
    """The operation that feeds the last one, shape changes and normalisation skipped."""
    for value in end.inputs:
        ends, _ = graph.last(value)
        if ends and ends[0].op in vocabulary.NORMALISATIONS and ends[0].inputs:
            return _feeder(ends[0])
        if ends:
            return ends[0]
    return None


def _spelled_bounded(node: Any, spec: LossSpec) -> bool:
    index = spec.target[0] if spec.target is not None else 1
    spelled = spelling.spell(node.args[index]) if len(node.args) > index else ""
    return bool(_BOUNDED_NAME.search(spelled.rpartition(".")[2]))


def _bounded(target: Value, prediction: Value) -> bool:
    """Whether the target visibly lies in [0, inf) or [0, 1], or is the network's own input."""
    seen: list[Value] = [target]
    for value in seen:
        if len(seen) > _MOST_PARTS:
            break
        if type(value) is Union:
            seen.extend(value.options)
        if type(value) is not Tensor:
            continue
        if value.op in _NON_NEGATIVE or (value.op == "fresh" and _positive_draw(value)):
            return True
        if value.op == "div" and isinstance(value.extra, tuple) and _is_number(value.extra[1], 255):
            return True
        if value.op == "batch" and isinstance(value.extra, str) and _BOUNDED_NAME.search(value.extra):
            return True
        if value.op in ("view", "cut"):
            seen.extend(value.inputs)
    return _is_input(target, prediction)


def _positive_draw(value: Tensor) -> bool:
    return isinstance(value.extra, tuple) and value.extra[0] in ("uniform", "count", "drawn")


def _is_number(value: Value, number: float) -> bool:
    return type(value) is Const and value.value in (number, float(number))


def _is_input(target: Value, prediction: Value) -> bool:
    """An autoencoder's target is what the network was given."""
    for option in options(prediction):
        if type(option) is Tensor and option.op == "output":
            for value in option.inputs[1:]:
                if value is target or _source(value) is _source(target):
                    return True
    return False


def _source(value: Value) -> Value:
    while type(value) is Tensor and value.op == "view" and value.inputs:
        value = value.inputs[0]
    return value


def _from_network(target: Value) -> bool:
    """Whether a target is what a network puts out (features, a teacher), not something computed with it."""
    stack = [target]
    while stack:
        value = stack.pop()
        if type(value) is Union:
            stack.extend(value.options)
        elif type(value) is Tensor and value.call is not None:
            return True
        elif type(value) is Tensor and value.op in ("view", "cut") and value.inputs:
            stack.append(value.inputs[0])
    return False


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
