"""Predictions: what the loss calls were given, as moments of a sample."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dnnlint.evidence.trace import Prediction, Predictions
from dnnlint.probe.channel import Channel
from dnnlint.probe.channels.losses import told_call
from dnnlint.probe.happenings import Loss
from dnnlint.probe.moments import spread, spread_of
from dnnlint.probe.stage import Stage, plain

_KEPT = 64  # calls
_ROWS = 32
_LABELS = 64
_WIDE = 4096  # elements of one row, where no class axis demands the whole of it


class PredictionsChannel(Channel):
    """Hears each call of a loss function."""

    record = Predictions

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._calls: list[Loss] = []
        self._numbers: dict[int, Sequence[float]] = {}
        self._labels: dict[int, tuple[int, ...]] = {}

    def loss(self, loss: Loss, input: Tensor, target: Tensor, result: Tensor | None) -> None:
        """Post moments of input and target."""
        if len(self._calls) >= _KEPT or not (plain(input) and plain(target)):
            return
        if not input.numel() or not target.numel():
            return
        self._calls.append(loss)
        number = loss.number
        rows, targets = _rows(input.detach(), loss.classes is not None), _targets(target.detach())
        low, high = torch.aminmax(rows.sum(1))
        row_spread = rows.std(0, correction=0).mean()
        zero_one = ((targets == 0) | (targets == 1)).all().float()
        posted = torch.cat((spread_of(rows), spread_of(targets), torch.stack((low, high, row_spread, zero_one))))
        self.stage.board.post(posted, lambda values: self._numbers.__setitem__(number, values))
        if loss.by_index:
            labels = target.detach().reshape(-1)[:_LABELS].float()
            self.stage.board.post(labels, lambda values: self._labels.__setitem__(number, tuple(map(int, values))))

    def told(self) -> Predictions:
        """All calls whose numbers have arrived."""
        return Predictions(
            tuple(self._one(loss, self._numbers[loss.number]) for loss in self._calls if loss.number in self._numbers)
        )

    def _one(self, loss: Loss, numbers: Sequence[float]) -> Prediction:
        low, high, row_spread, zero_one = numbers[8:12]
        return Prediction(
            call=told_call(loss, self.stage),
            input=spread(numbers),
            target=spread(numbers[4:]),
            row_sum=(low, high) if loss.classes is not None else None,
            row_spread=row_spread if loss.input_shape and loss.input_shape[0] > 1 else None,
            labels=self._labels.get(loss.number, ()),
            zero_one=bool(zero_one),
        )


def _rows(input: Tensor, whole: bool) -> Tensor:
    """At most 32 rows of the input, (rows, outputs), float32; whole rows where there is a class axis, the second."""
    if input.dim() < 2:
        return input.reshape(-1, 1)[:_WIDE].float()
    if not whole:
        return input[:_ROWS].reshape(min(len(input), _ROWS), -1)[:, :_WIDE].float()
    if input.dim() > 2:  # positions behind the class axis
        input = input.movedim(1, -1)[:_ROWS].flatten(0, -2)
    return input[:: max(len(input) // _ROWS, 1)][:_ROWS].float()


def _targets(target: Tensor) -> Tensor:
    if target.dim() < 2:
        return target.reshape(-1)[:_WIDE].float()
    return target[:_ROWS].reshape(min(len(target), _ROWS), -1)[:, :_WIDE].float()
