"""Calls of loss functions, overheard at the builtin that they all end in."""

import functools
import sys
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from dnnlint.probe.guard import Guard
from dnnlint.probe.losses import LOSSES, LossFunction
from dnnlint.probe.measurable import unmeasurable
from dnnlint.probe.patches import Patches, hidden
from dnnlint.probe.watcher import Watcher


class LossCalls:
    """The replaced builtins."""

    def __init__(self, patches: Patches, watcher: Watcher, guard: Guard) -> None:
        self._patches, self._watcher, self._guard = patches, watcher, guard
        self._known: list[int] = []  # to TorchScript, by identity
        for function in LOSSES:
            self._patch(function)

    def forget(self) -> None:
        """Take what we told TorchScript away again."""
        table = _builtin_table() if self._known else {}
        for identity in self._known:
            table.pop(identity, None)

    def _patch(self, function: LossFunction) -> None:
        owner = function.owner()
        if not hasattr(owner, function.name):  # another version of torch
            return
        original = getattr(owner, function.name)
        patched = self._patches.replace(owner, function.name, lambda original: self._loss(original, function))
        operation = _builtin_table().get(id(original))
        if operation is not None:  # TorchScript knows builtins by identity
            _builtin_table()[id(patched)] = operation
            self._known.append(id(patched))

    def _loss(self, original: Any, function: LossFunction) -> Any:
        watcher = self._watcher
        hear = self._guard.without_gradients(functools.partial(_hear, watcher, function))

        def loss(*args: Any, **kwargs: Any) -> Any:
            if not watcher.here or watcher.forwards.ignoring or unmeasurable():
                return original(*args, **kwargs)
            caller = sys._getframe(1)
            result = None
            try:
                result = original(*args, **kwargs)
            finally:  # a call that fails is told as well
                hear(args, kwargs, result, caller)
            return result

        loss.__name__ = function.name
        return hidden(loss)


def _hear(watcher: Watcher, function: LossFunction, args: Any, kwargs: Any, result: Any, caller: FrameType) -> None:
    given, target, options = function.read(args, kwargs)
    if isinstance(given, Tensor) and isinstance(target, Tensor):
        watcher.training.loss(function, given, target, result, options, caller)


def _builtin_table() -> dict[int, str]:
    """What TorchScript takes for operations of its own, by identity."""
    table: dict[int, str] = torch.jit._builtins._get_builtin_table()  # type: ignore[no-untyped-call]
    return table
