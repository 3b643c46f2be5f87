"""Forward passes: torch's global hooks, told apart into whole networks and their layers."""

import threading
from typing import Any

import torch
from torch import nn

from dnnlint.probe import graph
from dnnlint.probe.happenings import Batch, Call
from dnnlint.probe.hearing import Hearing
from dnnlint.probe.layers import unwrapped
from dnnlint.probe.measurable import unmeasurable
from dnnlint.probe.sites import take
from dnnlint.probe.stage import Stage, packs_saved_tensors, tensors_in
from dnnlint.probe.training import Training

CALLS, NODES = 20_000, 500_000  # that are remembered where no step ever comes


class Forwards:
    """Counts how deep in calls of modules control is, and tells of the outermost ones and of layers."""

    def __init__(self, stage: Stage, hearing: Hearing, training: Training, only: nn.Module | None) -> None:
        self._only = only  # the one network to watch, None for all
        self._stage = stage
        self._hearing = hearing
        self._training = training
        self._thread = threading.get_ident()
        self.depth = 0
        self.ignoring = False  # inside a call that must not be measured
        self.batch: Batch | None = None  # that a DataLoader gave last
        self._call: Call | None = None  # the one that is running
        self._failing: Call | None = None  # the last one that returned nothing, perhaps because of an exception
        self._number = 0

    def before(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Global forward pre-hook."""
        if threading.get_ident() != self._thread:
            return
        if self.depth == 0:
            self._call = None
            self.ignoring = unmeasurable()
            if not self.ignoring:
                self._begin(module, inputs)
        self.depth += 1

    def after(self, module: nn.Module, inputs: tuple[Any, ...], *rest: Any) -> None:
        """Global forward hook; when the forward pass raised, torch leaves out the keyword arguments and gives None."""
        if self.depth == 0 or threading.get_ident() != self._thread:
            return
        self.depth -= 1
        if self.ignoring:
            self.ignoring = self.depth > 0
            return
        call = self._call
        kwargs, output = rest if len(rest) > 1 else ({}, None)
        if call is not None and output is not None and (call.grad or call.training):
            entry = self._stage.layers.find(module)
            if entry is None:
                entry = self._stage.layers.meet(module, call.root)
            if entry.leaf:
                self._leaf(module, inputs, output)
        if self.depth == 0 and call is not None:
            self._end(call, kwargs, output)

    @property
    def failed(self) -> Call | None:
        """The outermost call that an exception came from."""
        return self._call or self._failing

    def forget(self) -> None:
        """No module is running: an interrupt left it without a hook."""
        self.depth, self._call = 0, None

    def let_go(self) -> None:
        """Keep nothing alive."""
        self._call = self._failing = self.batch = None

    def _begin(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        stage = self._stage
        if not stage.layers.is_network(module) or not self._wanted(module):
            return
        if len(stage.calls) > CALLS or len(stage.producers) > NODES:
            stage.forget_step()
            self._training.forget()
        self._number += 1
        self._failing = None
        batch = self.batch
        call = Call(
            root=module,
            called=take(2),
            step=stage.step,
            training=module.training,
            grad=torch.is_grad_enabled(),
            args=inputs,
            number=self._number,
            loader=None if batch is None else batch.loader,
            iteration=None if batch is None else batch.iteration,
            position=None if batch is None else batch.position,
        )
        self._call = call
        if stage.step == 0 and call.grad and self._hearing.reads_graph:
            stage.lines.start()
        for hear in self._hearing.forward_begins:
            hear(call)

    def _wanted(self, module: nn.Module) -> bool:
        return self._only is None or module is self._only or unwrapped(module) is unwrapped(self._only)

    def _leaf(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        stage = self._stage
        stage.layers.call(module)
        made = output[0] if type(output) is tuple and output else output
        node = getattr(made, "grad_fn", None)
        if node is not None:
            number = graph.number(node)
            stage.producers[number] = module
            if packs_saved_tensors():
                stage.packed.add(number)
        for hear in self._hearing.layer_output:
            hear(module, inputs, output)

    def _end(self, call: Call, kwargs: dict[str, Any], output: Any) -> None:
        self._call = None
        stage = self._stage
        if output is None:
            self._failing = call
            return
        call.kwargs = kwargs
        stage.forwards += 1
        nodes = [tensor.grad_fn for tensor in tensors_in(output)]
        call.outputs = tuple(graph.number(node) for node in nodes if node is not None)
        if call.outputs:
            stage.calls.append(call)
        for hear in self._hearing.forward_ends:
            hear(call, output)
        call.args, call.kwargs = (), {}
