"""Activations: moments, zeros, dead and saturated units of every layer and activation function."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from dnnlint.evidence.trace import Activations, ActivationStep, LayerActivations
from dnnlint.evidence.vocabulary import ACTIVATIONS, RECTIFIERS, WEIGHTED
from dnnlint.probe import graph
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Backward, Loss, Stepper
from dnnlint.probe.layers import op_of
from dnnlint.probe.moments import number, spread
from dnnlint.probe.sampling import Layout, cut, layout
from dnnlint.probe.stage import Stage, plain

_CHANNELS_FIRST = frozenset({"conv", "conv_transpose", "batchnorm", "instancenorm", "groupnorm"})
_PASSING = frozenset({"dropout", "flatten", "identity", "pool"})  # nothing of their own to be seen
_SAVED = {"relu": "_saved_result", "sigmoid": "_saved_result", "tanh": "_saved_result"}
_PLACES = 8  # activations after one layer; a cell in a loop over time has thousands of them
_LAYERS = 400  # a network of more layers is sampled at the first of them


@dataclass(eq=False, slots=True)
class _Seen:
    """One layer, or one activation that was called as a function after it."""

    module: nn.Module
    op: str
    function: bool
    shape: Any = None  # shape and strides that the layout was made for
    layout: Layout | None = None
    samples: list[tuple[int, int, Tensor]] = field(default_factory=list)  # step, units, values
    told: int = 0  # samples that were posted
    gate: bool = False
    last: bool = False
    fed_by: nn.Module | None = None

    turn: int = -1  # in which it was sampled last

    def by(self, output: Tensor) -> Layout | None:
        """How to cut a sample of an output; None if there is nothing to be seen in it."""
        if output.layout is not torch.strided:
            return None
        shape = output.shape, output.stride(), type(output)
        if shape != self.shape:
            self.shape = shape
            first = op_of(self.module) in _CHANNELS_FIRST or output.dim() == 4
            visible = plain(output) and output.is_floating_point() and output.dim() > 0
            self.layout = layout(output, first) if visible else None
        return self.layout


class ActivationsChannel(Channel):
    """Samples outputs of leaf modules in the hook, and results of functions from the autograd graph."""

    record = Activations

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._seen: dict[object, _Seen] = {}
        self._turn = 0  # outputs are sampled once in each
        self._last: set[object] = set()  # keys of what losses are computed from

    def sampler(self, module: nn.Module) -> Callable[[Any], None] | None:
        """Copy a sample of a layer's output, the first time it runs in a step."""
        op = op_of(module)
        if len(self._seen) >= _LAYERS or op in _PASSING:
            return None
        seen = self._seen[id(module)] = _Seen(module, op, function=False)

        def sample(made: Any) -> None:
            if seen.turn != self._turn and isinstance(made, Tensor):
                self._post(seen, made)

        return sample

    def _post(self, seen: _Seen, output: Tensor) -> None:
        by = seen.by(output)
        if by is None:
            return
        seen.turn = self._turn
        seen.told += 1
        self.stage.board.post(cut(output, by), partial(_receive, seen, self.stage.step, by.units))

    def backward_begins(self, backward: Backward) -> None:
        """Sample the results of activation functions between the layers."""
        read = self.stage.graph
        if read is None:
            return
        order: dict[tuple[int, str], int] = {}
        for node, op in reversed(read.activations):
            self._function(node, op, read, order)

    def _function(self, node: Any, op: str, read: graph.Graph, order: dict[tuple[int, str], int]) -> None:
        stage = self.stage
        module = stage.producers.get(graph.number(node))
        if module is not None:
            self._relate(id(module), node, read)
            return
        feeder, feeding = self._feeder(node)
        saved = _SAVED.get(op)
        if feeder is None or saved is None or feeding in stage.packed or len(self._seen) >= _LAYERS:
            return
        place = order[id(feeder), op] = order.get((id(feeder), op), -1) + 1
        key = id(feeder), op, place
        known = self._seen.get(key)
        if place >= _PLACES or (known is not None and known.turn == self._turn):
            return
        try:
            result = getattr(node, saved)
        except RuntimeError:  # freed, or overwritten in place since
            return
        self._post(known or self._seen.setdefault(key, _Seen(feeder, op, function=True)), result)
        self._relate(key, node, read)

    def _relate(self, key: object, node: Any, read: graph.Graph) -> None:
        """Note once what feeds an activation and what its result is used for."""
        seen = self._seen.get(key)
        if seen is None or seen.told > 1:
            return
        seen.fed_by = self._weighted_feeder(node)
        consumers = list(read.consumers.get(node, ()))
        while len(consumers) == 1 and graph.name(consumers[0]) in graph.PASSING:
            consumers = read.consumers.get(consumers[0], [])
        seen.gate = any(graph.name(user) == "Mul" for user in consumers)
        seen.last = bool(consumers) and all("Loss" in graph.name(user) for user in consumers)

    def _feeder(self, node: Any) -> tuple[nn.Module | None, int]:
        """The layer whose output an activation takes, directly or behind shape changes and arithmetic."""
        for _ in range(8):
            below = [inner for inner, _ in node.next_functions if inner is not None and not hasattr(inner, "variable")]
            if not below:
                break
            node = below[0]
            number = graph.number(node)
            if number in self.stage.producers:
                return self.stage.producers[number], number
            if graph.op(node) in ACTIVATIONS:
                break
        return None, -1

    def _weighted_feeder(self, node: Any) -> nn.Module | None:
        """The nearest layer with weights before an activation, behind normalisations, dropout and functions."""
        for _ in range(12):
            below = [inner for inner, _ in node.next_functions if inner is not None and not hasattr(inner, "variable")]
            if not below:
                return None
            node = below[0]
            module = self.stage.producers.get(graph.number(node))
            if module is not None and op_of(module) in WEIGHTED:
                return module
        return None

    def loss(self, loss: Loss, given: Tensor, target: Tensor, result: Tensor | None) -> None:
        """Note the layer that the loss is computed from."""
        if loss.input_layer is not None:
            self._last.add(id(loss.input_layer))

    def step_ends(self, stepper: Stepper, parameters: list[Tensor]) -> None:
        """The next outputs are those of another step."""
        self._turn += 1

    def told(self) -> Activations:
        """All layers that were sampled, in the order of first calls; a function follows the layer that feeds it."""
        told = [self._one(seen) for seen in self._seen.values() if seen.samples]
        return Activations(tuple(sorted(told, key=lambda one: (one.layer.order, one.op in ACTIVATIONS))))

    def _one(self, seen: _Seen) -> LayerActivations:
        steps = [_step(step, seen.op, values.reshape(-1, units)) for step, units, values in seen.samples]
        units = seen.samples[0][1]
        alike = [values.reshape(-1, units) for _, count, values in seen.samples if count == units]
        cuts = seen.op in RECTIFIERS
        return LayerActivations(
            layer=self.stage.layer(seen.module),
            op=seen.op,
            steps=tuple(steps),
            dead=_dead(torch.cat(alike)) if cuts else None,
            first_dead=steps[0].dead,
            distinct=len({(step.spread, step.rms) for step in steps}),
            rows=sum(step.rows for step in steps),
            units=units,
            gate=seen.gate,
            last=seen.last or (not seen.function and id(seen.module) in self._last),
            fed_by=None if seen.fed_by is None else self.stage.layer(seen.fed_by),
        )


def _receive(seen: _Seen, step: int, units: int, values: Tensor) -> None:
    seen.samples.append((step, units, values))


def _step(step: int, op: str, values: Tensor) -> ActivationStep:
    """Statistics of one sample, (rows, units)."""
    cuts = op in RECTIFIERS
    return ActivationStep(
        step=step,
        spread=spread(values),
        rms=number(values.double().square().mean().sqrt()),
        zeros=number((values == 0).double().mean()) if cuts else 0.0,
        saturated=_saturated(op, values),
        rows=len(values),
        dead=_dead(values) if cuts else None,
    )


def _dead(values: Tensor) -> float:
    """Share of the units that are zero on every row."""
    return number((values == 0).all(0).double().mean())


def _saturated(op: str, values: Tensor) -> float:
    if op == "tanh":
        return number((values.abs() > 0.99).double().mean())
    if op == "sigmoid":
        return number(((values > 0.99) | (values < 0.01)).double().mean())
    return 0.0
