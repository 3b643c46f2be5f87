"""Samples of tensors, copied at once: what they are taken of may be overwritten in place when a hook returns.

A sample is at most 32 rows (samples, positions) by 64 units (features, channels), evenly spaced along every axis.
"""

import math
from functools import lru_cache
from typing import NamedTuple

from torch import Tensor

ROWS, UNITS = 32, 64


class Layout(NamedTuple):
    """How a sample is cut from tensors of one shape and one order in memory."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    rows: int
    units: int


def layout(tensor: Tensor, channels_first: bool) -> Layout:
    """Choose evenly spaced indices of (batch, units), (batch, ..., units), or (batch, units, ...) with channels first.

    A tensor of one axis is a column of rows.
    """
    return _layout(tensor.shape, tensor.stride(), channels_first)


@lru_cache(1024)
def _layout(shape: tuple[int, ...], strides: tuple[int, ...], channels_first: bool) -> Layout:
    axis = None if len(shape) < 2 else 1 if channels_first and len(shape) > 2 else len(shape) - 1
    others = [dim for dim in range(len(shape)) if dim != axis]
    counts = _share([shape[dim] for dim in others])
    units = min(shape[axis], UNITS) if axis is not None else 1
    order = [*others, *([axis] if axis is not None else [])]
    sizes = [*counts, *([units] if axis is not None else [])]
    steps = [max(shape[dim] // max(size, 1), 1) * strides[dim] for dim, size in zip(order, sizes, strict=True)]
    return Layout(tuple(sizes), tuple(steps), math.prod(counts), units)


def cut(tensor: Tensor, by: Layout) -> Tensor:
    """A view of the sample: rows first, units last; gradients are off."""
    return tensor.as_strided(by.size, by.stride, tensor.storage_offset())


def _share(sizes: list[int]) -> list[int]:
    """Rows to take along each axis, ROWS together: half of them over samples where there are positions as well."""
    room, counts = ROWS, []
    for place, size in enumerate(sizes):
        left = len(sizes) - place
        fair = room if left == 1 else 8 if place == 0 else round(room ** (1 / left))
        counts.append(min(size, max(fair, 1)))
        room //= max(counts[-1], 1)
    return counts
