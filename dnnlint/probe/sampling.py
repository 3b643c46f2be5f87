"""Samples of layers' outputs, copied while the outputs are intact and reduced together when the step is over.

An output may be overwritten by an in-place activation as soon as the hook returns, and keeping it would hold memory,
so a sample of at most 32 rows by 64 units is copied at once into a buffer that is allocated once. All statistics of
all layers are then a handful of operations over that buffer.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

ROWS, UNITS = 32, 64
_BLOCK = 8  # slots that are allocated together


class Slot:
    """A place in the buffer for one layer's sample."""

    def __init__(self, matrix: Tensor) -> None:
        self.matrix = matrix  # (ROWS, UNITS), float32; zero where nothing was sampled
        self.rows = 0  # sampled rows
        self.units = 0  # sampled units
        self.filled = False
        self._layout: Any = None  # shape and strides that the following stand for
        self._size: tuple[int, ...] = ()
        self._stride: tuple[int, ...] = ()
        self._target = matrix

    def fill(self, output: Tensor, channels_first: bool) -> None:
        """Copy a sample of an output: (batch, units), (batch, ..., units), or (batch, units, ...) for convolutions."""
        layout = output.shape, output.stride()
        if layout != self._layout:
            self._layout = layout
            self._lay_out(tuple(output.shape), output.stride(), channels_first)
        output = output.detach()
        self._target.copy_(output.as_strided(self._size, self._stride, output.storage_offset()))
        self.filled = True

    def _lay_out(self, shape: tuple[int, ...], strides: tuple[int, ...], channels_first: bool) -> None:
        """Choose evenly spaced indices along each axis."""
        self.matrix.zero_()
        axis = _unit_axis(len(shape), channels_first)
        others = [dim for dim in range(len(shape)) if dim != axis]
        counts = _share([shape[dim] for dim in others])
        self.units = min(shape[axis], UNITS) if axis is not None else 1
        self.rows = math.prod(counts)
        taken = dict(zip(others, counts, strict=True)) | ({axis: self.units} if axis is not None else {})
        order = (*others, axis) if axis is not None else tuple(others)
        self._size = tuple(taken[dim] for dim in order)
        self._stride = tuple(max(shape[dim] // max(taken[dim], 1), 1) * strides[dim] for dim in order)
        view = self.matrix[: self.rows, : self.units].unflatten(0, tuple(counts) or (1,))
        self._target = view if axis is not None else view.squeeze(-1)


def _unit_axis(dims: int, channels_first: bool) -> int | None:
    if dims < 2:
        return None
    return 1 if channels_first and dims > 2 else dims - 1


def _share(sizes: list[int]) -> list[int]:
    """Rows to take along each axis, ROWS together: half of them over samples where there are positions as well."""
    room, counts = ROWS, []
    for place, size in enumerate(sizes):
        left = len(sizes) - place
        fair = room if left == 1 else 8 if place == 0 else round(room ** (1 / left))
        counts.append(max(min(size, fair), 1))
        room //= counts[-1]
    return counts


class Samples:
    """Slots by key, in blocks of memory that are never moved."""

    def __init__(self) -> None:
        self._slots: dict[tuple[torch.device, object], Slot] = {}
        self._blocks: dict[torch.device, list[Tensor]] = {}
        self._used: dict[torch.device, list[tuple[object, Slot]]] = {}

    def slot(self, key: object, device: torch.device) -> Slot:
        """The slot of a layer; made when it is first asked for."""
        known = self._slots.get((device, key))
        if known is not None:
            return known
        used = self._used.setdefault(device, [])
        blocks = self._blocks.setdefault(device, [])
        if len(used) == len(blocks) * _BLOCK:
            blocks.append(torch.zeros(_BLOCK, ROWS, UNITS, device=device))
        fresh = self._slots[device, key] = Slot(blocks[-1][len(used) % _BLOCK])
        used.append((key, fresh))
        return fresh

    def filled(self) -> Iterator[tuple[Tensor, list[tuple[object, Slot] | None]]]:
        """Blocks with fresh samples, (slots, ROWS, UNITS), and who they belong to; None for those not filled anew."""
        for device, blocks in self._blocks.items():
            used = self._used[device]
            for number, block in enumerate(blocks):
                here = used[number * _BLOCK : (number + 1) * _BLOCK]
                if any(slot.filled for _, slot in here):
                    yield block[: len(here)], [pair if pair[1].filled else None for pair in here]

    def forget(self) -> None:
        """Take every sample as told."""
        for used in self._used.values():
            for _, slot in used:
                slot.filled = False
