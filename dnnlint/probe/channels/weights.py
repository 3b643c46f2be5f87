"""Weights: every parameter as it was before the first step."""

from functools import partial

import torch
from torch import Tensor

from dnnlint.evidence.trace import Weights, WeightStats
from dnnlint.evidence.vocabulary import ACTIVATIONS
from dnnlint.probe import graph
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Backward, Stepper
from dnnlint.probe.moments import number, spread
from dnnlint.probe.sites import Mark
from dnnlint.probe.stage import Stage, local

_ROWS, _COLUMNS = 64, 64


class WeightsChannel(Channel):
    """Measures each weight once, before its optimiser's first step."""

    record = Weights

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._samples: dict[int, Tensor] = {}  # (rows, columns)
        self._parameters: dict[int, Tensor] = {}
        self._draws: dict[int, Mark | None] = {}
        self._followed: dict[int, str] = {}  # by module: operation that takes its output

    def backward_begins(self, backward: Backward) -> None:
        """Note which activation follows which layer, in the first steps' graphs."""
        read = self.stage.graph
        if read is None or self.stage.step > 0:
            return
        for node in read.nodes:
            module = self.stage.producers.get(graph.number(node))
            op = "unknown" if module is None else self.stage.layer(module).op
            kind = op if op in ACTIVATIONS else graph.op(node)
            if kind not in ACTIVATIONS:
                continue
            below = [inner for inner, _ in node.next_functions if inner is not None]
            made_by = graph.producer(below[0], self.stage.producers) if len(below) == 1 else None
            feeder = None if made_by is None else self.stage.producers.get(graph.number(made_by))
            if feeder is not None:
                self._followed.setdefault(id(feeder), kind)

    def step_begins(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """Post moments of weights that have at least two axes."""
        if stepper.steps:
            return
        self.stage.book.refresh()
        for parameter in parameters:
            weight = local(parameter)
            name = id(parameter)
            if weight.dim() < 2 or not weight.numel() or weight.is_complex() or name in self._parameters:
                continue
            self._parameters[name] = parameter
            self._draws[name] = self.stage.draws.get(parameter.data_ptr())
            self._post(name, weight)

    def _post(self, name: int, weight: Tensor) -> None:
        rows = weight[:: max(len(weight) // _ROWS, 1)][:_ROWS].flatten(1)
        rows = rows[:, :: max(rows.shape[1] // _COLUMNS, 1)][:, :_COLUMNS]
        self.stage.board.post(rows, partial(self._receive, name, rows.shape))

    def _receive(self, name: int, shape: torch.Size, values: Tensor) -> None:
        self._samples[name] = values.reshape(shape)

    def told(self) -> Weights:
        """Weights of all networks that ran, in the order of the layers' first calls."""
        book = self.stage.book
        found = []
        for name, rows in self._samples.items():
            owner = book.owner(self._parameters[name])
            if owner is None:
                continue
            info = book.info(self._parameters[name], owner)
            moments = spread(rows)
            identical = bool(number((rows == rows[:1]).all())) and info.shape[0] > 1
            followed = self._followed.get(id(owner.module), "unknown")
            drawn = self._draws.get(name)
            site = None if drawn is None else self.stage.site(drawn)
            found.append(WeightStats(info, moments, identical, moments.low == moments.high, followed, site))
        return Weights(tuple(sorted(found, key=lambda one: one.parameter.layer.order)))
