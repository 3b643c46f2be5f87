"""The warning of a softmax without a dimension: it names the same line as without our hooks.

The line is counted in frames, and torch calls a module in one frame more when there are hooks.
"""

import functools
import sys
from types import FrameType
from typing import Any

import torch.nn.functional as F  # noqa: N812 - its name in the field

from dnnlint.probe.hookless import is_for_our_hooks
from dnnlint.probe.patches import Patches, hidden


def patch(patches: Patches) -> None:
    """Count the frames as torch would have them."""
    if hasattr(F, "_get_softmax_dim"):
        patches.replace(F, "_get_softmax_dim", _dimension)


def _dimension(original: Any) -> Any:
    @functools.wraps(original)
    def dimension(name: str, ndim: int, stacklevel: int) -> Any:
        return original(name, ndim, stacklevel + _more(sys._getframe(1), stacklevel - 2))

    return hidden(dimension)


def _more(frame: FrameType | None, count: int) -> int:
    """How many of the frames that are to be counted are there because of our hooks."""
    more = 0
    while frame is not None and count > 0:
        if is_for_our_hooks(frame):
            more += 1
        else:
            count -= 1
        frame = frame.f_back
    return more
