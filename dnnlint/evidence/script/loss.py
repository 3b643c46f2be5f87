"""Losses, with what is handed to them."""

from typing import NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.evidence.script.network import Operation


class LossCall(NamedTuple):
    """A loss applied to a prediction and a target."""

    kind: str  # class name in torch.nn: "CrossEntropyLoss", "MSELoss", "BCEWithLogitsLoss", ...
    place: Place
    built: Place | None  # where the loss object is made, if it is an object
    last: tuple[Operation, ...]  # every operation that can come last before the loss, views skipped
    known: bool  # True if `last` is complete: no unknown value can reach the loss
    before: tuple[Operation, ...] = ()  # weight layer (or other op) feeding each of `last`, same order
    bounded_target: bool = False  # the target visibly lies in [0, inf) or [0, 1] (clamp, /255, relu, counts ...)
    embedding: bool = False  # prediction and target both come from networks (features, distillation ...)
