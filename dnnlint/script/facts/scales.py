"""The scale of what a network learns from: pixels as they are, divided twice, or not as its weights are used to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.evidence.script.data import InputScale
from dnnlint.script import transforms
from dnnlint.script.values import Const, NetworkCall, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOST = 24  # steps back from a network's input
_PIXEL = 255
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
        if not way.scaled and not way.changed and _bare(run, call.network):
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
    """Back from a value to the one loader that it was read from."""
    scaled: list[Place] = []
    changed = False
    for _ in range(_MOST):
        if type(value) is Obj:
            return _Way(value if value.kind == "loader" else None, tuple(scaled), changed)
        if type(value) is not Tensor or not value.inputs:
            break
        if value.op == "pixels":
            source = value.inputs[0]
            return _Way(source if type(source) is Obj else None, tuple(scaled), changed)
        if value.op == "div" and _by_255(value):
            scaled.append(value.at)
        elif value.op not in ("batch", "view"):
            changed = True
        value = value.inputs[0]
        if type(value) is Obj and value.kind == "loader" and not changed:
            inner = _tensors(value)
            value = inner if inner is not None else value
    return _Way(None, (), True)


def _tensors(loader: Obj) -> Value | None:
    """The first tensor of a TensorDataset."""
    dataset = loader.fields["$dataset"]
    if type(dataset) is Obj and str(dataset.cls).endswith("TensorDataset"):
        first = next(iter(dataset.fields.get("$inputs", ())), None)
        return first if type(first) is Tensor else None
    return None


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
