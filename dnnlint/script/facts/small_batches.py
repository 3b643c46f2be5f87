"""Networks with batch normalisation that learn from batches of very few samples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Mode, NormalizedBatch
from dnnlint.script import data, graph
from dnnlint.script.networks import tree
from dnnlint.script.values import Const, NetworkCall, Obj

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

FEW = 4
_NORMALIZING = re.compile(
    r"^torchvision\.models\.(?:\w+\.)?(?:wide_)?(?:resnet|resnext|densenet|mobilenet|efficientnet_b|shufflenet|mnasnet|"
    r"googlenet|inception|regnet|vgg\d+_bn)"
)


def state(run: Interpreter) -> None:
    """State which loaders feed batch normalisation with a handful of samples."""
    if "convert_sync_batchnorm" in run.mentions or "BatchSampler" in run.mentions:
        return
    for reach in run.record.passes.values():
        for loader in reach.loaders:
            order = data.Order(run, loader)
            if order.batch_size is None or order.sampler is not False:
                continue
            remainder = data.remainder(run, loader, order)
            if order.batch_size <= FEW or remainder == 1:
                for call in reach.calls:
                    _normalized(run, call, loader, order.batch_size, remainder)


def _normalized(run: Interpreter, call: NetworkCall, loader: Obj, size: int, remainder: int | None) -> None:
    if not any(mode is Mode.TRAIN for mode, _, _ in call.modes) or tree.partly_frozen(call.network):
        return
    found = _normalization(call.network)
    if found is not None:
        place, flat, certain = found
        fact = NormalizedBatch(loader.at, loader.name, graph.title(call.network), place, size, remainder, flat, certain)
        run.record.state(fact)


def _normalization(network: Obj) -> tuple[Place, bool, bool] | None:
    """A layer that normalises by the batch: where, whether over samples alone, and whether that is certain."""
    layers = [
        part
        for _, part in tree.descendants(network)
        if "$spec" in part.fields and part.fields["$spec"].kind == "batchnorm" and not _fixed(part, network)
    ]
    for layer in layers:
        flat = any(str(one.cls).endswith("BatchNorm1d") for one in layers)
        return layer.at, flat, True
    for _, part in tree.descendants(network):
        if isinstance(part.cls, str) and _NORMALIZING.match(part.cls):
            return part.at, False, False
    return None


def _fixed(layer: Obj, network: Obj) -> bool:
    """Whether a layer is put into evaluation mode by itself, or keeps no statistics by design."""
    states = layer.fields.get("$mode") or frozenset()
    alone = states != network.fields.get("$mode") and {mode for mode, _, _ in states} == {Mode.EVAL}
    tracks = layer.fields["$args"].get("track_running_stats")
    return alone or (type(tracks) is Const and not tracks.value)
