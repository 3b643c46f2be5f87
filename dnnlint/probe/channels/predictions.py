"""Predictions: what the loss calls were given, as moments of a sample."""

import statistics
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from dnnlint.evidence.trace import Prediction, Predictions, Spread
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

    def loss(self, loss: Loss, given: Tensor, target: Tensor, result: Tensor | None) -> None:
        """Post moments of input and target."""
        if len(self._calls) >= _KEPT or not (plain(given) and plain(target)):
            return
        if not given.numel() or not target.numel():
            return
        self._calls.append(loss)
        number = loss.number
        with torch.no_grad():
            rows = _rows(given, loss.classes is not None)
            least, largest = torch.aminmax(rows.sum(1))
            row_spread = (rows - rows.mean(0)).square_().mean(0).sqrt_().mean()
            posted = torch.cat((spread_of(rows), torch.stack((least, largest, row_spread))))
            if loss.by_index:
                targets = target.reshape(-1)[:_LABELS].float()
            else:
                targets = _targets(target)
                zero_one = ((targets == 0) | (targets == 1)).all().float().reshape(1)
                targets = torch.cat((spread_of(targets), zero_one))
            posted = torch.cat((posted, targets))
        self.stage.board.post(posted, partial(self._numbers.__setitem__, number))

    def told(self) -> Predictions:
        """All calls whose numbers have arrived."""
        return Predictions(
            tuple(self._one(loss, self._numbers[loss.number]) for loss in self._calls if loss.number in self._numbers)
        )

    def _one(self, loss: Loss, numbers: Sequence[float]) -> Prediction:
        mean, std, low, high, least, largest, row_spread, *targets = numbers
        labels = tuple(map(int, targets)) if loss.by_index else ()
        return Prediction(
            call=told_call(loss, self.stage),
            input=Spread(mean, std, low, high),
            target=_moments(labels) if loss.by_index else spread(targets),
            row_sum=(least, largest) if loss.classes is not None else None,
            row_spread=row_spread if loss.input_shape and loss.input_shape[0] > 1 else None,
            labels=labels,
            zero_one=set(labels) <= {0, 1} if loss.by_index else bool(targets[-1]),
        )


def _moments(labels: Sequence[int]) -> Spread:
    return Spread(statistics.fmean(labels), statistics.pstdev(labels), min(labels), max(labels))


def _rows(given: Tensor, whole: bool) -> Tensor:
    """At most 32 rows of the input, (rows, outputs), float32; whole rows where there is a class axis, the second."""
    if given.dim() < 2:
        return given.reshape(-1, 1)[:_WIDE].float()
    if not whole:
        return given[:_ROWS].reshape(min(len(given), _ROWS), -1)[:, :_WIDE].float()
    if given.dim() > 2:  # positions behind the class axis
        given = given.movedim(1, -1)[:_ROWS].flatten(0, -2)
    return given[:: max(len(given) // _ROWS, 1)][:_ROWS].float()


def _targets(target: Tensor) -> Tensor:
    if target.dim() < 2:
        return target.reshape(-1)[:_WIDE].float()
    return target[:_ROWS].reshape(min(len(target), _ROWS), -1)[:, :_WIDE].float()
