"""Inputs: the batches that enter the networks, and the loaders they come from."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from dnnlint.evidence.trace import BatchStats, Inputs
from dnnlint.evidence.vocabulary import NORMALISATIONS, WEIGHTED
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Call
from dnnlint.probe.layers import op_of
from dnnlint.probe.moments import SPREAD, spread, spread_of
from dnnlint.probe.stage import Stage, local, plain, tensors_in

_KEPT = 64  # batches
_ROWS, _FEATURES = 32, 64
_HEAD = SPREAD + 5  # moments, wholeness, least and largest value of the whole batch, signature (2)
_SIGNED = 4096  # elements that the signature looks at


class InputsChannel(Channel):
    """Samples the first tensor that an outermost module is called with."""

    record = Inputs

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._calls: list[tuple[Call, tuple[int, ...], str]] = []
        self._numbers: dict[int, Sequence[float]] = {}
        self._first: dict[int, nn.Module] = {}  # by call: the first layer that ran in it
        self._taken: dict[int, Sequence[float]] = {}  # by call: moments of what that layer took
        self._now: Call | None = None
        self._given: object = None  # what the outermost module was called with
        self._weights: dict[tuple[torch.device, int], Tensor] = {}

    def forward_begins(self, call: Call) -> None:
        """Expect the first layer of this call."""
        self._now = call if call.grad else None
        self._given = call.args[0] if call.args else None

    def layer_output(self, module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        """Note the first layer with weights or normalisation."""
        if self._now is not None and op_of(module) in WEIGHTED | NORMALISATIONS:
            number = self._now.number
            self._first[number] = module
            self._now = None
            took = inputs[0] if inputs else None
            if len(self._first) <= _KEPT and _measurable(took) and took is not self._given:
                posted = spread_of(_rows(local(took).detach()))  # type: ignore[arg-type]
                self.stage.board.post(posted, lambda values: self._taken.__setitem__(number, values))

    def forward_ends(self, call: Call, output: object) -> None:
        """Post moments and a signature of the batch; in here keyword arguments are known as well."""
        self._now = self._given = None
        if not call.grad or len(self._calls) >= _KEPT:
            return
        batch = next((t for t in tensors_in((call.args, call.kwargs)) if _measurable(t)), None)
        if batch is None:
            return
        self._calls.append((call, tuple(batch.shape), str(batch.dtype).removeprefix("torch.")))
        with torch.no_grad():
            batch = local(batch)
            rows = _rows(batch)
            whole = (rows == rows.round()).all()
            ends = batch.aminmax() if batch.dtype != torch.bool else (whole, whole)
            head = torch.stack((whole.float(), *(end.float() for end in ends)))
            posted = torch.cat((spread_of(rows), head, self._signature(batch), rows.amin(0), rows.amax(0)))
        self.stage.board.post(posted, partial(self._numbers.__setitem__, call.number))

    def _signature(self, batch: Tensor) -> Tensor:
        """Two weighted sums over a sample, equal for equal batches: shape (2,), float32."""
        flat = batch.reshape(-1)
        stride = max(len(flat) // _SIGNED, 1)
        values = flat[::stride][:_SIGNED].float()
        key = values.device, len(values)
        if key not in self._weights:
            steps = torch.arange(1, len(values) + 1, device=values.device, dtype=torch.float32)
            self._weights[key] = torch.stack((torch.sin(steps * 12.9898), torch.cos(steps * 78.233)))
        return self._weights[key] @ values

    def told(self) -> Inputs:
        """All batches whose numbers have arrived."""
        batches = [self._one(*noted) for noted in self._calls if noted[0].number in self._numbers]
        return Inputs(tuple(batches), self.stage.loaders.told())

    def _one(self, call: Call, shape: tuple[int, ...], dtype: str) -> BatchStats:
        numbers = self._numbers[call.number]
        low, high = _halves(numbers[_HEAD:])
        first = self._first.get(call.number)
        return BatchStats(
            step=call.step,
            loader=call.loader,
            called=self.stage.site(call.called),
            trains=call.backward,
            shape=shape,
            dtype=dtype,
            spread=spread(numbers),
            integral=bool(numbers[SPREAD]),
            signature=tuple(numbers[SPREAD + 3 : _HEAD]),
            constant=tuple(a == b for a, b in zip(low, high, strict=True)) if shape and shape[0] > 1 else (),
            first=None if first is None else self.stage.layer(first),
            feature_low=low,
            feature_high=high,
            finite=all(map(math.isfinite, numbers[SPREAD + 1 : SPREAD + 3])),
            taken=spread(self._taken[call.number]) if call.number in self._taken else None,
            iteration=call.iteration,
            position=call.position,
        )


def _halves(numbers: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    middle = len(numbers) // 2
    return tuple(numbers[:middle]), tuple(numbers[middle:])


def _measurable(tensor: Any) -> bool:
    return plain(tensor) and bool(tensor.numel()) and tensor.dim() > 0 and not tensor.is_complex()


def _rows(batch: Tensor) -> Tensor:
    """At most 32 samples by 64 features: (rows, features), float32."""
    rows = batch[:: max(len(batch) // _ROWS, 1)][:_ROWS]
    rows = rows.reshape(len(rows), math.prod(rows.shape[1:]) or 1)
    return rows[:, :: max(rows.shape[1] // _FEATURES, 1)][:, :_FEATURES].float()
