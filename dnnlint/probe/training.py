"""Losses and backward passes, and what of the forward passes they belong to."""

from functools import cache
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from dnnlint.probe import graph
from dnnlint.probe.graph import Graph
from dnnlint.probe.happenings import Backward, Loss
from dnnlint.probe.hearing import Hearing
from dnnlint.probe.losses import LossFunction
from dnnlint.probe.sites import take
from dnnlint.probe.stage import Stage


class Training:
    """Tells of losses and of backward passes."""

    def __init__(self, stage: Stage, hearing: Hearing) -> None:
        self._stage = stage
        self._hearing = hearing
        self._losses: list[Loss] = []  # since the last backward pass
        self._number = 0

    def forget(self) -> None:
        """Drop what waits for a backward pass."""
        self._losses = []

    def loss(
        self,
        function: LossFunction,
        given: Tensor,
        target: Tensor,
        result: Tensor | None,
        options: dict[str, Any],
        caller: FrameType,
    ) -> None:
        """A loss function of torch returned, or failed with result None."""
        stage = self._stage
        node = None if result is None or result.grad_fn is None else graph.number(result.grad_fn)
        loss = Loss(
            self._number,
            function.kind,
            take(2),
            stage.step,
            options,
            *function.shapes(given, target, caller),
            _word(given.dtype),
            _word(target.dtype),
            node,
        )
        self._number += 1
        made_by = graph.producer(given.grad_fn, stage.producers)
        if made_by is not None:
            loss.input_op = graph.op(made_by)
            loss.input_node = graph.number(made_by)
            loss.input_layer = stage.producers.get(loss.input_node)
        self._losses.append(loss)
        for hear in self._hearing.loss:
            hear(loss, given, target, result)

    def backward(self, roots: tuple[Tensor, ...], scale: Tensor | None) -> Backward:
        """A backward pass is about to start."""
        stage = self._stage
        backward = Backward(take(2), stage.step, roots, scale)
        stage.backwards += 1
        stage.lines.stop()
        if self._hearing.reads_graph:
            stage.graph = read = Graph([root.grad_fn for root in roots])
            self._relate(read)
        for hear in self._hearing.event:
            hear("backward", backward.called, None)
        for hear in self._hearing.backward_begins:
            hear(backward)
        return backward

    def _relate(self, read: Graph) -> None:
        """Note which forward passes and losses a backward pass comes from."""
        stage = self._stage
        for call in stage.calls:
            if not read.numbers.isdisjoint(call.outputs):
                call.backward = True
                if call.loader is not None:
                    stage.loaders.training.add(call.loader)
        for loss in self._losses:
            loss.trains = loss.trains or loss.node in read.numbers

    def backward_over(self, backward: Backward) -> None:
        """A backward pass ended."""
        for hear in self._hearing.backward_ends:
            hear(backward)
        self._stage.graph = None
        self._losses = []


@cache
def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
