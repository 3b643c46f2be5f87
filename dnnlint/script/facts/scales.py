"""The scale of what a network learns from: pixels as they are, divided twice, or not as its weights are used to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.evidence.script.data import InputScale
from dnnlint.script import pictures, samples, transforms
from dnnlint.script.values import Const, NetworkCall, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOST = 24  # steps back from a network's input
_PIXEL = 255
_CONVERTING = frozenset({"from_numpy", "as_tensor", "tensor", "FloatTensor", "Tensor", "float", "float32", "astype"})
_LAYERS = frozenset({"linear", "conv"})  # what takes its input as it comes


class _Way(NamedTuple):
    """How a network's input came from where it was read."""

    source: Obj | None  # a loader, or a data set whose pixels are read
    scaled: tuple[Place, ...]  # divisions by 255
    changed: bool  # anything else was done to the values


def state(run: Interpreter) -> None:
    """State the scale of each input that is trained on and known."""
    for call in run.record.calls:
        if call.trained and call.args:
            way = _way(call.args[0])
            if way.source is not None:
                _judge(run, call, way, way.source)


def _judge(run: Interpreter, call: NetworkCall, way: _Way, source: Obj) -> None:
    if source.kind != "loader":
        if not way.scaled and not way.changed and (_bare(run, call.network) or call.network.fields.get("$pretrained")):
            run.record.state(InputScale(source.at, call.place, "raw"))
        return
    pipeline = transforms.pipeline(source.fields["$dataset"])
    steps = transforms.steps(pipeline)
    kinds = {step.kind for step in steps}
    if type(pipeline) is not Obj or "unknown" in kinds:
        return
    if "unit" in kinds and "normalise" not in kinds and way.scaled:
        run.record.state(InputScale(way.scaled[0], call.place, "twice"))
    elif way.scaled or way.changed or "normalise" in kinds or "convert" in kinds:
        return
    elif "raw" in kinds and "unit" not in kinds and _bare(run, call.network):
        place = next(step.obj.at for step in steps if step.kind == "raw")
        run.record.state(InputScale(place, call.place, "raw"))
    elif "unit" in kinds and call.network.fields.get("$pretrained"):
        run.record.state(InputScale(pipeline.at, call.place, "pretrained"))


def _way(value: Value) -> _Way:
    """Back from a value to the one loader, or the pictures, that it was read from."""
    scaled: list[Place] = []
    batch: Tensor | None = None
    kept: list[Tensor] = []  # what was done to a picture before it became a part of a batch
    changed = False
    for _ in range(_MOST):
        if type(value) is not Tensor:
            break
        if value.op == "pixels":
            return _Way(_source(value, kept), tuple(scaled), changed)
        if not value.inputs:
            break
        if value.op == "div" and _by_255(value):
            scaled.append(value.at)
        elif value.op != "batch" and not pictures.copied(value):
            changed = True
        if value.op == "batch":
            batch = batch or value
        kept.append(value)
        value = value.inputs[0]
        if type(value) is Obj and value.kind == "loader":
            inner = _tensors(value, batch) if not changed else None
            if inner is None:
                return _Way(value, tuple(scaled), changed)
            value, kept = inner, []
    return _Way(None, (), True)


def _source(pixels: Tensor, kept: list[Tensor]) -> Obj | None:
    """The data set whose pixels are read, or the line that makes numbers of a picture."""
    if pixels.inputs:
        return pixels.inputs[0] if type(pixels.inputs[0]) is Obj else None
    if pixels.extra != pictures.READ and not any(pictures.whole(step) for step in kept):
        return None
    place = next((step.at for step in kept if step.name in _CONVERTING), pixels.at)
    return Obj("picture", at=place)


def _tensors(loader: Obj, batch: Tensor | None) -> Value | None:
    """The first tensor of a TensorDataset, or what a data set of the project reads from a file."""
    dataset = loader.fields["$dataset"]
    if type(dataset) is not Obj:
        return None
    if str(dataset.cls).endswith("TensorDataset"):
        first = next(iter(dataset.fields.get("$inputs", ())), None)
        return first if type(first) is Tensor else None
    found = samples.origin(batch) if batch is not None else None  # known once a loss was taken of a batch
    return found.value if found is not None and found.kind == "stack" and type(found.value) is Tensor else None


def _by_255(tensor: Tensor) -> bool:
    extra = tensor.extra
    divisor = extra[-1] if type(extra) is tuple and len(extra) == 2 else None
    return type(divisor) is Const and divisor.value == _PIXEL


def _bare(run: Interpreter, network: Obj) -> bool:
    """Whether the first thing a network does to its input is a layer that takes it as it comes."""
    taken = {
        tensor.op
        for obj, operations in run.record.networks
        if obj is network
        for tensor in operations
        if tensor.op != "view" and any(_is_input(part) for part in tensor.inputs)
    }
    return bool(taken) and taken <= _LAYERS


def _is_input(value: Value) -> bool:
    for _ in range(_MOST):
        if type(value) is not Tensor or value.op != "view" or not value.inputs:
            break
        value = value.inputs[0]
    return type(value) is Tensor and value.op == "input"
