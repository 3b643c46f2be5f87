"""Losses: values of the loss functions' calls and of what was back-propagated, unscaled."""

import math
from functools import partial

from torch import Tensor

from dnnlint.evidence.trace import BackwardPass, LossCall, Losses
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Backward, Loss
from dnnlint.probe.moments import number as plain_number
from dnnlint.probe.sites import Mark
from dnnlint.probe.stage import Stage, local, plain

_KEPT = 200  # calls; a loss may be called for each of thousands of parts


class LossesChannel(Channel):
    """Hears each call of a loss function and each backward pass."""

    record = Losses

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._calls: list[Loss] = []
        self._values: dict[int, float] = {}
        self._backwards: list[tuple[Mark | None, int, bool]] = []
        self._backward_values: dict[int, float] = {}

    def loss(self, loss: Loss, given: Tensor, target: Tensor, result: Tensor | None) -> None:
        """Note a call and post its mean value."""
        if len(self._calls) >= _KEPT:
            return
        self._calls.append(loss)
        if result is None or not plain(result) or not result.numel():
            return
        mean = result if result.numel() == 1 else result.float().mean()
        self.stage.board.post(mean, partial(self._receive, loss))

    def _receive(self, loss: Loss, value: Tensor) -> None:
        parts = max(_summed(loss), 1) if loss.options["reduction"] == "sum" else 1
        self._values[loss.number] = plain_number(value) / parts

    def backward_begins(self, backward: Backward) -> None:
        """Post the loss of a backward pass."""
        number = len(self._backwards)
        if number >= _KEPT:
            return
        self._backwards.append((backward.called, backward.step, backward.scale is not None))
        if len(backward.roots) != 1 or backward.roots[0].numel() != 1:
            return
        value = local(backward.roots[0])
        value = value if backward.scale is None else value.float() / backward.scale
        self.stage.board.post(value, partial(self._receive_backward, number))

    def _receive_backward(self, number: int, value: Tensor) -> None:
        self._backward_values[number] = plain_number(value)

    def told(self) -> Losses:
        """All calls so far."""
        calls = tuple(told_call(loss, self.stage)._replace(value=self._values.get(loss.number)) for loss in self._calls)
        backwards = tuple(
            BackwardPass(self.stage.site(called), step, self._backward_values.get(number), scaled)
            for number, (called, step, scaled) in enumerate(self._backwards)
        )
        return Losses(calls, backwards)


def told_call(loss: Loss, stage: Stage) -> LossCall:
    """A loss call as evidence, but for its value."""
    options = loss.options
    unweighted = options.get("weight") is None and options.get("pos_weight") is None
    ignored = options.get("ignore_index")
    return LossCall(
        number=loss.number,
        kind=loss.kind,
        called=stage.site(loss.called),
        step=loss.step,
        value=None,
        reduction=options["reduction"],
        plain=unweighted and not options.get("label_smoothing"),
        trains=loss.trains,
        input_shape=loss.input_shape,
        target_shape=loss.target_shape,
        input_dtype=loss.input_dtype,
        target_dtype=loss.target_dtype,
        classes=loss.classes,
        input_op=loss.input_op,
        input_layer=None if loss.input_layer is None else stage.layer(loss.input_layer),
        ignored=ignored if isinstance(ignored, int) else None,
        made=None if loss.input_node is None else stage.made(loss.input_node, loss.input_layer, _use(loss)),
    )


def _use(loss: Loss) -> object:
    return loss.called, loss.kind, loss.input_op


def _summed(loss: Loss) -> int:
    """Over how many values a sum ran: targets for class indices, elements otherwise."""
    return math.prod(loss.target_shape if loss.by_index else loss.input_shape)
