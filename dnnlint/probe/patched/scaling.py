"""Gradient scaling: which losses were scaled, when gradients are divided again, and steps that are skipped."""

import functools
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from dnnlint.probe.graph import number
from dnnlint.probe.guard import Guard
from dnnlint.probe.patches import Patches, hidden
from dnnlint.probe.sites import take
from dnnlint.probe.stage import tensors_in
from dnnlint.probe.watcher import Watcher


class Scaled:
    """The scaled losses since the last backward pass."""

    def __init__(self) -> None:
        self._scalers: dict[int, Any] = {}  # by number of the loss's node

    def note(self, result: Any, scaler: Any) -> None:
        """Remember what a scaler made."""
        self._scalers.update((number(one.grad_fn), scaler) for one in tensors_in(result) if one.grad_fn is not None)

    def clear(self) -> None:
        """A backward pass is over."""
        self._scalers.clear()

    def scale_of(self, roots: tuple[Tensor, ...]) -> Tensor | None:
        """The factor that a loss was scaled with, or the terms of a sum were."""
        if not self._scalers:
            return None
        nodes = [root.grad_fn for root in roots if root.grad_fn is not None]
        terms = [below for node in nodes for below, _ in node.next_functions if below is not None]
        scalers = (self._scalers.get(number(node)) for node in (*nodes, *terms))
        return getattr(next((scaler for scaler in scalers if scaler is not None), None), "_scale", None)


def patch(patches: Patches, watcher: Watcher, guard: Guard, scaled: Scaled) -> None:
    """Hear of all calls of scalers."""
    unscale = lambda _, optimizer, *rest: watcher.event("unscale", take(3), watcher.stage.stepper(optimizer))  # noqa: E731
    patches.replace(torch.amp.GradScaler, "scale", lambda original: _scale(original, watcher, guard, scaled))
    patches.replace(torch.amp.GradScaler, "unscale_", guard.before(unscale))
    patches.replace(torch.amp.GradScaler, "step", lambda original: _step(original, watcher))


def _scale(original: Any, watcher: Watcher, guard: Guard, scaled: Scaled) -> Any:
    hear = guard.guarded(scaled.note)

    @functools.wraps(original)
    def patched(self: Any, outputs: Any) -> Any:
        result = original(self, outputs)
        if watcher.here and self.is_enabled():
            hear(result, self)
        return result

    return hidden(patched)


def _step(original: Any, watcher: Watcher) -> Any:
    @functools.wraps(original)
    def step(self: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        if not (watcher.here and self.is_enabled() and isinstance(optimizer, Optimizer)):
            return original(self, optimizer, *args, **kwargs)
        stepper = watcher.stage.stepper(optimizer)
        before = stepper.steps
        result = original(self, optimizer, *args, **kwargs)
        if stepper.steps == before:
            watcher.event("overflow", None, stepper)
        return result

    return hidden(step)
