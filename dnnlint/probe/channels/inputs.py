"""Inputs: the batches that enter the networks, and the loaders they come from."""

import math
import zlib
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from dnnlint.evidence.trace import BatchStats, Inputs
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Call
from dnnlint.probe.moments import number, spread
from dnnlint.probe.sampling import cut, layout
from dnnlint.probe.stage import Stage, local, plain, tensors_in

_KEPT = 64  # batches


class InputsChannel(Channel):
    """Samples the first tensor that an outermost module is called with."""

    record = Inputs

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._calls: list[tuple[Call, tuple[int, ...], str]] = []
        self._samples: dict[int, Tensor] = {}  # by call: (rows, features)
        self._totals: dict[int, float] = {}  # by call: sum over the whole batch, which shows NaN and infinities
        self._first: dict[int, nn.Module] = {}  # by call: the first layer that ran in it
        self._taken: dict[int, Tensor] = {}  # by call: a sample of what that layer took
        self._number = -1  # of the call that is running
        self._given: object = None  # what the outermost module was called with

    def forward_begins(self, call: Call) -> None:
        """Note what the first layer of this call is to be compared with."""
        self._number = call.number
        self._given = call.args[0] if call.args else None

    def first_layer(self, module: nn.Module, inputs: tuple[object, ...]) -> None:
        """Note it, and what it takes."""
        number = self._number
        self._first[number] = module
        took = inputs[0] if inputs else None
        if len(self._first) <= _KEPT and took is not self._given and _measurable(took):
            self._post(local(took), self._taken, number)  # type: ignore[arg-type]

    def forward_ends(self, call: Call, output: object) -> None:
        """Post a sample of the batch; in here keyword arguments are known as well."""
        self._given = None
        if not call.grad or len(self._calls) >= _KEPT:
            return
        batch = next((t for t in tensors_in((call.args, call.kwargs)) if _measurable(t)), None)
        if batch is None:
            return
        self._calls.append((call, tuple(batch.shape), str(batch.dtype).removeprefix("torch.")))
        batch = local(batch)
        self._post(batch, self._samples, call.number)
        self.stage.board.post(batch.sum(dtype=torch.float32), partial(self._receive_total, call.number))

    def _post(self, tensor: Tensor, book: dict[int, Tensor], number: int) -> None:
        by = layout(tensor, channels_first=False)
        self.stage.board.post(cut(tensor, by), partial(self._receive, book, number, (by.rows, by.units)))

    def _receive(self, book: dict[int, Tensor], number: int, shape: tuple[int, int], values: Tensor) -> None:
        book[number] = values.reshape(shape)

    def _receive_total(self, call: int, total: Tensor) -> None:
        self._totals[call] = number(total)

    def told(self) -> Inputs:
        """All batches whose samples have arrived."""
        batches = [self._one(*noted) for noted in self._calls if noted[0].number in self._samples]
        return Inputs(tuple(batches), self.stage.loaders.told())

    def _one(self, call: Call, shape: tuple[int, ...], dtype: str) -> BatchStats:
        rows = self._samples[call.number]
        taken = self._taken.get(call.number)
        first = self._first.get(call.number)
        low, high = rows.amin(0).tolist(), rows.amax(0).tolist()
        return BatchStats(
            step=call.step,
            loader=call.loader,
            called=self.stage.site(call.called),
            trains=call.backward,
            shape=shape,
            dtype=dtype,
            spread=spread(rows),
            integral=bool(number((rows == rows.round()).all())),
            signature=(float(zlib.crc32(rows.numpy().tobytes())), self._totals.get(call.number, 0.0)),
            constant=tuple(a == b for a, b in zip(low, high, strict=True)) if len(rows) > 1 else (),
            first=None if first is None else self.stage.layer(first),
            feature_low=tuple(low),
            feature_high=tuple(high),
            finite=math.isfinite(self._totals.get(call.number, 0.0)),
            taken=None if taken is None else spread(taken),
            iteration=call.iteration,
            position=call.position,
        )


def _measurable(tensor: Any) -> bool:
    return plain(tensor) and bool(tensor.numel()) and tensor.dim() > 0 and not tensor.is_complex()
