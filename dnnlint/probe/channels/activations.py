"""Activations: moments, zeros, dead and saturated units of every layer and activation function."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from dnnlint.evidence.trace import Activations, ActivationStep, LayerActivations, Spread
from dnnlint.evidence.vocabulary import ACTIVATIONS, RECTIFIERS, WEIGHTED
from dnnlint.probe import graph
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Backward, Loss, Stepper
from dnnlint.probe.layers import op_of
from dnnlint.probe.sampling import ROWS, UNITS, Samples
from dnnlint.probe.stage import Stage, plain

_CHANNELS_FIRST = frozenset({"conv", "conv_transpose", "batchnorm", "instancenorm", "groupnorm"})
_SAVED = {"relu": "_saved_result", "sigmoid": "_saved_result", "tanh": "_saved_result"}
_LAYERS = 400  # slots; a network of more layers is sampled at the first of them
_SQUASHED = frozenset({"tanh", "sigmoid"})


@dataclass(eq=False, slots=True)
class _Seen:
    """One layer, or one activation that was called as a function after it."""

    module: nn.Module
    op: str
    function: bool
    steps: list[ActivationStep] = field(default_factory=list)
    alive: list[bool] = field(default_factory=list)  # per sampled unit: non-zero on some row so far
    first_dead: float | None = None
    means: set[float] = field(default_factory=set)
    rows: int = 0
    units: int = 0
    gate: bool = False
    last: bool = False
    fed_by: nn.Module | None = None


class ActivationsChannel(Channel):
    """Samples outputs of leaf modules in the hook, and results of functions from the autograd graph."""

    record = Activations

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._samples = Samples()
        self._seen: dict[object, _Seen] = {}
        self._fresh: set[object] = set()
        self._last: set[object] = set()  # keys of what losses are computed from

    def layer_output(self, module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        """Copy a sample of a layer's output, the first time it runs in a step."""
        made: Any = output[0] if type(output) is tuple and output else output
        key = id(module)
        if key in self._fresh or not plain(made) or not made.is_floating_point() or not made.dim():
            return
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= _LAYERS:
                return
            seen = self._seen[key] = _Seen(module, op_of(module), function=False)
        self._fresh.add(key)
        self._samples.slot(key, made.device).fill(made, seen.op in _CHANNELS_FIRST or (made.dim() == 4))

    def backward_begins(self, backward: Backward) -> None:
        """Sample the results of activation functions between the layers."""
        read = self.stage.graph
        if read is None:
            return
        order: dict[tuple[int, str], int] = {}
        for node in reversed(read.nodes):
            op = graph.op(node)
            if op in ACTIVATIONS:
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
        if key in self._fresh:
            return
        try:
            result = getattr(node, saved)
        except RuntimeError:  # freed, or overwritten in place since
            return
        if not plain(result) or not result.dim():
            return
        if key not in self._seen:
            self._seen[key] = _Seen(feeder, op, function=True)
        self._fresh.add(key)
        self._samples.slot(key, result.device).fill(result, op_of(feeder) in _CHANNELS_FIRST or result.dim() == 4)
        self._relate(key, node, read)

    def _relate(self, key: object, node: Any, read: graph.Graph) -> None:
        """Note once what feeds an activation and what its result is used for."""
        seen = self._seen.get(key)
        if seen is None or seen.steps:
            return
        seen.fed_by = self._weighted_feeder(node)
        consumers = list(read.consumers.get(node, ()))
        while len(consumers) == 1 and graph.name(consumers[0]) in graph.PASSING:
            consumers = read.consumers.get(consumers[0], [])
        seen.gate = any(graph.name(user) == "Mul" for user in consumers)
        seen.last = bool(consumers) and all("Loss" in graph.name(user) for user in consumers)

    def _feeder(self, node: Any) -> tuple[nn.Module | None, int]:
        """The layer whose output an activation takes, directly or behind shape changes."""
        below = [inner for inner, _ in node.next_functions if inner is not None]
        made_by = graph.producer(below[0], self.stage.producers) if len(below) == 1 else None
        number = -1 if made_by is None else graph.number(made_by)
        return self.stage.producers.get(number), number

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
        """Reduce all samples of the step together."""
        step = self.stage.step
        for block, owners in self._samples.filled():
            pairs = [(owner[0], owner[1].rows, owner[1].units) if owner is not None else None for owner in owners]
            ops = {self._seen[owner[0]].op for owner in owners if owner is not None}
            squashed, cut = not ops.isdisjoint(_SQUASHED), not ops.isdisjoint(RECTIFIERS)
            posted = _reduce(block, squashed, cut)
            self.stage.board.post(posted, partial(self._receive, pairs, step, squashed, cut))
        self._samples.forget()
        self._fresh.clear()

    def _receive(
        self,
        owners: list[tuple[object, int, int] | None],
        step: int,
        squashed: bool,
        cut: bool,
        values: Sequence[float],
    ) -> None:
        slots = len(owners)
        sums = iter(range(4 + 2 * squashed + cut))
        columns = {name: values[next(sums) * slots :] for name in ("total", "norm", "low", "high")}
        columns |= {name: values[next(sums) * slots :] for name in ("beyond", "outside") if squashed}
        columns |= {name: values[next(sums) * slots :] for name in ("nonzero",) if cut}
        alive = values[(4 + 2 * squashed + cut) * slots :]
        for number, owner in enumerate(owners):
            if owner is None:
                continue
            key, rows, units = owner
            seen = self._seen[key]
            numbers = {name: column[number] for name, column in columns.items()}
            here = [value > 0 for value in alive[number * UNITS : number * UNITS + units]]
            dead = here.count(False) / units if seen.op in RECTIFIERS else None
            seen.steps.append(_step(step, seen.op, numbers, rows, units, dead))
            seen.rows += rows
            seen.units = units
            seen.means.add(numbers["total"])
            seen.alive = [a or b for a, b in zip(seen.alive or [False] * units, here, strict=False)]
            if seen.first_dead is None:
                seen.first_dead = dead

    def told(self) -> Activations:
        """All layers that were sampled, in the order of first calls; a function follows the layer that feeds it."""
        told = [self._one(seen) for seen in self._seen.values() if seen.steps]
        return Activations(tuple(sorted(told, key=lambda one: (one.layer.order, one.op in ACTIVATIONS))))

    def _one(self, seen: _Seen) -> LayerActivations:
        rectifier = seen.op in RECTIFIERS and bool(seen.alive)
        return LayerActivations(
            layer=self.stage.layer(seen.module),
            op=seen.op,
            steps=tuple(seen.steps),
            dead=seen.alive.count(False) / len(seen.alive) if rectifier else None,
            first_dead=seen.first_dead if rectifier else None,
            distinct=len(seen.means),
            rows=seen.rows,
            units=seen.units,
            gate=seen.gate,
            last=seen.last or (not seen.function and id(seen.module) in self._last),
            fed_by=None if seen.fed_by is None else self.stage.layer(seen.fed_by),
        )


def _step(
    step: int, op: str, numbers: Mapping[str, float], rows: int, units: int, dead: float | None
) -> ActivationStep:
    """Moments from sums; the zeros beside a small sample are known to be there and are taken out again."""
    count = rows * units
    squares = numbers["norm"] ** 2 / count
    mean = numbers["total"] / count
    variance = squares - mean * mean
    std = math.sqrt(max(variance, 0.0)) if math.isfinite(variance) else variance
    rms = math.sqrt(squares) if math.isfinite(squares) else squares
    outside = numbers.get("outside", 0.0) - (ROWS * UNITS - count)
    saturated = max({"tanh": numbers.get("beyond", 0.0), "sigmoid": outside}.get(op, 0.0), 0.0) / count
    zeros = 1 - numbers["nonzero"] / count if op in RECTIFIERS else 0.0
    return ActivationStep(step, Spread(mean, std, numbers["low"], numbers["high"]), rms, zeros, saturated, rows, dead)


def _reduce(block: Tensor, squashed: bool, cut: bool) -> Tensor:
    """Sums over each slot's sample, which zeros beside it do not touch: float32, one number a slot and sum.

    Args:
        block: (slots, ROWS, UNITS).
        squashed: whether a slot holds values of a sigmoid or tanh, whose tails are counted.
        cut: whether a slot holds values of a rectifier, whose zeros are counted; the largest value of each unit,
            (slots * UNITS,), comes last.
    """
    flat = block.flatten(1)
    sums = [flat.sum(1), torch.linalg.vector_norm(flat, dim=1), flat.amin(1), flat.amax(1)]
    if squashed:
        flags = torch.empty_like(flat)  # comparing into floats is ten times cheaper than counting booleans
        sums.append(torch.gt(flat.abs(), 0.99, out=flags).sum(1))
        sums.append(torch.gt((flat - 0.5).abs_(), 0.49, out=flags).sum(1))
    if cut:
        sums += [flat.sign().abs_().sum(1), block.amax(1).flatten()]
    return torch.cat(sums)
