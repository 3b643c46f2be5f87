"""Where torch's loss functions can be overheard.

Functions and modules of losses all end in a builtin that ``torch.nn.functional`` looks up at each call; replacing that
builtin reaches every way to call the loss, leaves the frames that warn untouched, and cannot be imported early.
"""

from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import Tensor

Shapes = tuple[tuple[int, ...], tuple[int, ...]]


class LossFunction(NamedTuple):
    """One builtin behind a loss."""

    kind: str  # class name in torch.nn
    owner: Callable[[], Any]
    name: str
    positions: tuple[str, ...]  # names of the positional arguments after input and target

    def read(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
        """Input, target and the other arguments by name; the reduction as torch.nn spells it."""
        found = {**dict(zip(("input", "target", *self.positions), args, strict=False)), **kwargs}
        found["reduction"] = _REDUCTIONS.get(found.get("reduction", 1), "mean")
        given = found.pop("input", found.pop("self", None))  # the builtin of mse_loss calls its input so
        return given, found.pop("target", None), found

    def shapes(self, given: Tensor, target: Tensor, caller: FrameType) -> Shapes:
        """Shapes of input and target as the user gave them; torch broadcasts some before the builtin sees them."""
        if 0 in given.stride() or 0 in target.stride():
            before = [caller.f_locals.get(name) for name in ("input", "target")]
            if all(isinstance(tensor, Tensor) for tensor in before):
                return tuple(before[0].shape), tuple(before[1].shape)  # type: ignore[union-attr]
        return tuple(given.shape), tuple(target.shape)


_REDUCTIONS = {0: "none", 1: "mean", 2: "sum"}


def _nn() -> Any:
    return torch._C._nn


def _torch() -> Any:
    return torch


LOSSES = (
    LossFunction(
        "CrossEntropyLoss", _nn, "cross_entropy_loss", ("weight", "reduction", "ignore_index", "label_smoothing")
    ),
    LossFunction("NLLLoss", _nn, "nll_loss_nd", ("weight", "reduction", "ignore_index")),
    LossFunction("BCELoss", _nn, "binary_cross_entropy", ("weight", "reduction")),
    LossFunction(
        "BCEWithLogitsLoss", _torch, "binary_cross_entropy_with_logits", ("weight", "pos_weight", "reduction")
    ),
    LossFunction("MSELoss", _nn, "mse_loss", ("reduction",)),
    LossFunction("L1Loss", _nn, "l1_loss", ("reduction",)),
    LossFunction("SmoothL1Loss", _nn, "smooth_l1_loss", ("reduction", "beta")),
    LossFunction("HuberLoss", _nn, "huber_loss", ("reduction", "delta")),
    LossFunction("KLDivLoss", _torch, "kl_div", ("reduction",)),
    LossFunction("PoissonNLLLoss", _torch, "poisson_nll_loss", ("log_input", "full", "eps", "reduction")),
    LossFunction("MultiMarginLoss", _nn, "multi_margin_loss", ("p", "margin", "weight", "reduction")),
    LossFunction("SoftMarginLoss", _nn, "soft_margin_loss", ("reduction",)),
)
