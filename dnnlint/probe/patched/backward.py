"""The backward pass, and what a gradient scaler multiplies its loss with."""

import functools
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from dnnlint.probe.guard import Guard
from dnnlint.probe.patched.scaling import Scaled
from dnnlint.probe.patches import Patches, hidden
from dnnlint.probe.watcher import Watcher


def patch(patches: Patches, watcher: Watcher, guard: Guard, scaled: Scaled) -> None:
    """Hear of the begin and the end of each backward pass."""
    patches.replace(torch.autograd, "backward", lambda original: _backward(original, watcher, guard, scaled))


def _backward(original: Any, watcher: Watcher, guard: Guard, scaled: Scaled) -> Any:
    def hear(tensors: tuple[Any, ...]) -> Any:
        roots = tuple(root for root in tensors if isinstance(root, Tensor))  # the others are bare edges
        return watcher.training.backward(roots, scaled.scale_of(roots))

    begin, end = guard.without_gradients(hear), guard.without_gradients(watcher.training.backward_over)

    @functools.wraps(original)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        if not watcher.here or torch._C._current_graph_task_id() != -1:  # a pass within a pass recomputes
            return original(tensors, *args, **kwargs)  # type: ignore[no-any-return]
        tensors = (tensors,) if isinstance(tensors, (Tensor, GradientEdge)) else tuple(tensors)
        heard = begin(tensors)
        try:
            original(tensors, *args, **kwargs)
        finally:  # a pass that fails is told as well, and its graph let go
            scaled.clear()
            if heard is not None:
                end(heard)
        return None

    return hidden(backward)
