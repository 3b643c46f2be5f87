"""Calls whose order makes a training step, but for the backward pass: clearing, clipping, schedules, modes."""

import functools
import sys
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from dnnlint.probe.guard import Guard
from dnnlint.probe.patches import Patches, hidden
from dnnlint.probe.sites import take
from dnnlint.probe.watcher import Watcher


def patch(patches: Patches, watcher: Watcher, guard: Guard) -> None:
    """Hear of them."""
    patches.replace(Optimizer, "zero_grad", guard.silently("zero_grad", watcher.stage.stepper))
    patches.replace(nn.Module, "zero_grad", guard.silently("zero_grad", lambda _: None))
    patches.replace(nn.Module, "train", lambda original: _train(original, watcher, guard))
    clipping = torch.nn.utils.clip_grad
    within = "_clip_grads_with_norm_" if hasattr(clipping, "_clip_grads_with_norm_") else "clip_grad_norm_"
    patches.replace(clipping, within, guard.silently("clip", lambda _: None))
    patches.replace(clipping, "_group_tensors_by_device_and_dtype", lambda original: _grouped(original, watcher, guard))
    for schedule in (torch.optim.lr_scheduler.LRScheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
        patches.replace(schedule, "step", guard.silently("scheduler", lambda _: None))


def _grouped(original: Any, watcher: Watcher, guard: Guard) -> Any:
    """What ``clip_grad_value_`` begins with: scripts may have imported that one by its name already."""
    tell = guard.guarded(lambda: watcher.event("clip", take(3), None))

    @functools.wraps(original)
    def grouped(*args: Any, **kwargs: Any) -> Any:
        if watcher.here and sys._getframe(1).f_code.co_name == "clip_grad_value_":
            tell()
        return original(*args, **kwargs)

    return hidden(grouped)


def _train(original: Any, watcher: Watcher, guard: Guard) -> Any:
    tell = guard.guarded(lambda mode: watcher.event("train" if mode else "eval", take(3), None))

    @functools.wraps(original)
    def train(self: nn.Module, mode: bool = True) -> Any:
        if not watcher.here:
            return original(self, mode)
        watcher.mode(self, mode)
        tell(mode)
        watcher.silent += 1
        try:
            return original(self, mode)
        finally:
            watcher.silent -= 1

    return hidden(train)
