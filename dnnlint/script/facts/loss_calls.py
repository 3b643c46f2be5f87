"""A loss on a prediction and a target, as evidence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import Extent, LossCall, Target
from dnnlint.script import extents, graph, samples, spelling, transforms
from dnnlint.script.code import Args
from dnnlint.script.facts import bounds, nodes, numerics, padding, purpose, ranges, spreads, targets
from dnnlint.script.networks import tree
from dnnlint.script.tables.losses import LossSpec
from dnnlint.script.values import Const, Obj, Tensor, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_LABEL_NAME = re.compile(
    r"^(?:y|ys|yb|by|batch_y|y_?true|y_?train|train_y|y_?batch|labels?|.*_labels?|targets?|.*_targets?|tgts?|gts?|"
    r"ground_?truths?|truth|classes|annotations?)$",
    re.IGNORECASE,
)
_DATA = frozenset({"batch", "fresh", "shuffled"})
_RESHAPED = frozenset({"view", "cut"})
_ELEMENTWISE = frozenset({"MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"})
_CLASS_LOSSES = frozenset({"CrossEntropyLoss", "NLLLoss", "NLLLoss2d"})


def state(run: Interpreter, spec: LossSpec, given: Args, node: Any, loss: Obj | None, swapped: bool) -> None:
    """State that a loss is taken, with what is known of both its sides."""
    prediction, target = sides(spec, given)
    if swapped:
        prediction, target = target, prediction
    if prediction is None:
        return
    ends, known = graph.last(prediction)
    data = _data(prediction, target)
    if not ends and not data[0]:
        return
    last = tuple([nodes.operation(end) for end in ends])
    before = tuple([nodes.operation(feeder) for end in ends if (feeder := _feeder(end)) is not None])
    loaders = graph.reach(target).loaders if target is not None else []
    for loader in loaders:
        samples.prepare(run, loader)
    place = run.place(node)
    reduction, ignores = _settings(given, loss)
    side = targets.target(target) if target is not None else Target()
    if target is not None and spec.kind == "KLDivLoss":
        side = side._replace(last=tuple([nodes.operation(end) for end in graph.last(target)[0]]))
    if target is not None and ranges.centred(target, loaders):
        side = side._replace(reach=(-1.0, 1.0))
    run.record.state(
        LossCall(
            spec.kind,
            place,
            loss.at if loss is not None else None,
            last,
            known,
            before if len(before) == len(last) else (),
            _bounded(spec, prediction, target, node, loaders),
            target is not None and _from_network(target),
            _extent(spec, prediction),
            side._replace(masked=side.masked or padding.of(prediction)[1]),
            reduction,
            ignores,
            spelling.spell(node.args[0]) if data[0] and node.args else "",
            _padding(prediction, ends) if spec.kind in _CLASS_LOSSES and known else None,
            data[1],
            spec.kind in _ELEMENTWISE and target is not None and spreads.meet(prediction, target),
        )
    )
    for end in ends if known else ():
        inner = end.inputs[0] if end.op == "log" and end.inputs else end
        for one in graph.last(inner)[0] if inner is not end else (end,):
            if one.op in numerics.SOFTMAXES:
                run.record.state(numerics.softmax(one, place, _batched(prediction)))


def _extent(spec: LossSpec, prediction: Value) -> Extent:
    """The shape of a prediction; of ``scores.unsqueeze(1)``, at least the number of classes."""
    shape = extents.of(prediction)
    if spec.kind == "CrossEntropyLoss" and shape.open and not shape.axes and type(prediction) is Tensor:
        dim = prediction.args.get(1, "dim") if prediction.name == "unsqueeze" and prediction.args is not None else None
        if type(dim) is Const and dim.value == 1:
            return Extent((None, 1), False)
    return shape


def sides(spec: LossSpec, args: Args) -> tuple[Value | None, Value | None]:
    """Prediction and target of a call."""
    prediction = args.get(*spec.prediction)
    target = args.get(*spec.target) if spec.target is not None else None
    if prediction is None and args.positional:
        prediction = args.positional[0]
    return prediction, target


def _feeder(end: Tensor) -> Tensor | None:
    """The operation that feeds the last one, shape changes and normalisation skipped; dropout, if on every path."""
    for value in end.inputs:
        ends = sorted(graph.last(value)[0], key=lambda one: one.op == "dropout")
        if ends and ends[0].op in vocabulary.NORMALISATIONS and ends[0].inputs:
            return _feeder(ends[0])
        if ends:
            return ends[0]
    return None


def _bounded(spec: LossSpec, prediction: Value, target: Value | None, node: Any, loaders: list[Obj]) -> bool:
    bounded = (target is not None and bounds.bounded(target, prediction)) or bounds.spelled(node, spec)
    return bounded and not any(transforms.centred(loader) for loader in loaders)


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


def _data(prediction: Value, target: Value | None) -> tuple[bool, bool]:
    """Whether plain data stands first and what a network puts out second; and whether the data is known to be that."""
    if target is None or not _alive(target):
        return False, False
    if type(prediction) is Union:  # moved to a device, or not
        found = [_data(option, target) for option in prediction.options]
        return all(one[0] for one in found), all(one[1] for one in found)
    value = prediction
    while type(value) is Tensor and (value.op in _RESHAPED or value.name == "one_hot") and value.inputs:
        value = value.inputs[0]
    if type(value) is Tensor:
        return value.op in _DATA, value.op in _DATA
    labels = type(value) is Obj and value.kind == "opaque" and _LABEL_NAME.search(value.name) is not None
    return labels, False


def _alive(target: Value) -> bool:
    """Whether a value is what a network puts out, with its graph or under no_grad: not detached on purpose."""
    if type(target) is Union:
        return all(_alive(option) for option in target.options)
    while type(target) is Tensor and target.call is None and target.inputs and target.name != "detach":
        if target.op not in vocabulary.ACTIVATIONS | {"view"}:
            return False
        target = target.inputs[0]
    return type(target) is Tensor and target.call is not None


def _settings(args: Args, loss: Obj | None) -> tuple[str | None, bool | None]:
    """How a loss is reduced, and whether it leaves an index out or weighs its classes."""
    given: dict[str, Value] = loss.fields["$args"] if loss is not None else args.keywords
    unknown = loss.fields.get("$open") if loss is not None else args.open or len(args.positional) > 2
    value = given.get("reduction")
    reduction: str | None = "mean"
    if value is not None:
        reduction = value.value if type(value) is Const and isinstance(value.value, str) else None
    elif "reduce" in given or "size_average" in given or unknown:
        reduction = None
    leaves = any(
        name in given and not (type(given[name]) is Const and given[name].value is None)  # type: ignore[attr-defined]
        for name in ("ignore_index", "weight")
    )
    return reduction, True if leaves else None if unknown else False


def _padding(prediction: Value, ends: list[Tensor]) -> Place | None:
    """An embedding of the network that knows the padding of the classes which are predicted."""
    predicted = [end.layer.fields["$args"].get("out_features") for end in map(_scores, ends) if end and end.layer]
    for call in graph.reach(prediction).calls if predicted else ():
        for _, part in tree.descendants(call.network):
            spec, args = part.fields.get("$spec"), part.fields.get("$args", {})
            padded = args.get("padding_idx")
            if spec is None or spec.kind != "embedding" or padded is None or _none(padded):
                continue
            if all(_alike(size, args.get("num_embeddings")) for size in predicted):
                return part.at
    return None


def _none(value: Value) -> bool:
    return type(value) is Const and value.value is None


def _scores(end: Tensor) -> Tensor | None:
    """The layer that gives the scores: the last one, or what a log-softmax is applied to."""
    found = _feeder(end) if end.op == "log_softmax" else end
    return found if found is not None and found.op == "linear" else None


def _alike(one: Value | None, other: Value | None) -> bool:
    """Whether two sizes are the same: the same object, or the same number, not a small one that meets by chance."""
    if one is None or other is None:
        return False
    if type(one) is Const and type(other) is Const:
        return type(one.value) is int and one.value == other.value and one.value > 100
    return one is other


def _batched(prediction: Value) -> bool:
    """Whether a prediction comes from a network that is fed with batches of a loader, its axes as they were."""
    made = _peeled(prediction, ("to", "float", "contiguous", "log", ""))
    if made is None or made.call is None or not made.call.args:
        return False
    first = _peeled(made.call.args[0], ("to", "cuda", "float", "view", "reshape", ""))
    shape = extents.of(first) if first is not None else Extent()
    if (first is not None and first.op == "batch") or (not shape.open and len(shape.axes) > 1):
        return True
    loops = [loop for loop in made.call.loops if purpose.over_data(loop)]
    return shape.open and any("load" in name for loop in loops for name in purpose.loader_names(loop))


def _peeled(value: Value, names: tuple[str, ...]) -> Tensor | None:
    """A tensor without operations that leave its first axis where it is."""
    while type(value) is Tensor and value.op in ("view", "log") and value.name in names and value.inputs:
        value = value.inputs[0]
    return value if type(value) is Tensor else None
