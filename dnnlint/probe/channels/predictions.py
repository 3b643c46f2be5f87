"""Predictions: what the loss calls were given, as moments of a sample."""

from functools import partial

import torch
from torch import Tensor

from dnnlint.evidence.trace import Prediction, Predictions
from dnnlint.probe.channel import Channel
from dnnlint.probe.channels.losses import told_call
from dnnlint.probe.happenings import Loss
from dnnlint.probe.moments import number, spread
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
        self._inputs: dict[int, Tensor] = {}  # (rows, outputs)
        self._targets: dict[int, Tensor] = {}

    def loss(self, loss: Loss, given: Tensor, target: Tensor, result: Tensor | None) -> None:
        """Post samples of input and target."""
        if len(self._calls) >= _KEPT or not (plain(given) and plain(target)):
            return
        if not given.numel() or not target.numel():
            return
        self._calls.append(loss)
        rows = _rows(given, loss.classes is not None)
        targets = target.reshape(-1)[:_LABELS] if loss.by_index else _rows(target, whole=False)
        self.stage.board.post(rows, partial(self._receive, self._inputs, loss.number, rows.shape))
        self.stage.board.post(targets, partial(self._receive, self._targets, loss.number, targets.shape))

    def _receive(self, book: dict[int, Tensor], number: int, shape: torch.Size, values: Tensor) -> None:
        book[number] = values.reshape(shape)

    def told(self) -> Predictions:
        """All calls whose samples have arrived."""
        return Predictions(tuple(self._one(loss) for loss in self._calls if loss.number in self._targets))

    def _one(self, loss: Loss) -> Prediction:
        rows, targets = self._inputs[loss.number], self._targets[loss.number]
        sums = rows.sum(1)
        several = bool(loss.input_shape) and loss.input_shape[0] > 1
        return Prediction(
            call=told_call(loss, self.stage),
            input=spread(rows),
            target=spread(targets),
            row_sum=(number(sums.min()), number(sums.max())) if loss.classes is not None else None,
            row_spread=number(rows.std(0, correction=0).mean()) if several else None,
            labels=tuple(map(int, targets.tolist())) if loss.by_index else (),
            zero_one=bool(number(((targets == 0) | (targets == 1)).all())),
        )


def _rows(given: Tensor, whole: bool) -> Tensor:
    """At most 32 rows: (rows, outputs); whole rows where there is a class axis, the second."""
    if given.dim() < 2:
        return given.reshape(-1, 1)[:_WIDE]
    if not whole:
        return given[:_ROWS].reshape(min(len(given), _ROWS), -1)[:, :_WIDE]
    if given.dim() > 2:  # positions behind the class axis
        given = given[:_ROWS].movedim(1, -1)
        given = given[(slice(None), *(slice(None, None, max(size // 2, 1)) for size in given.shape[1:-1]))].flatten(
            0, -2
        )
    return given[:: max(len(given) // _ROWS, 1)][:_ROWS]
