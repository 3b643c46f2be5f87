"""Forward passes: torch's global hooks, told apart into whole networks and their layers."""

import weakref
from collections.abc import Callable
from threading import get_ident
from typing import Any, NamedTuple

import torch
from torch import nn

from dnnlint.evidence.vocabulary import NORMALISATIONS, WEIGHTED
from dnnlint.probe import graph
from dnnlint.probe.happenings import Batch, Call
from dnnlint.probe.hearing import Hearing
from dnnlint.probe.layers import unwrapped
from dnnlint.probe.measurable import unmeasurable
from dnnlint.probe.sites import take
from dnnlint.probe.stage import Stage, tensors_in
from dnnlint.probe.training import Training

_set_gradients = torch._C._set_grad_enabled  # the context manager costs as much as all else in a hook
_packing = torch._C._autograd._top_saved_tensors_default_hooks  # of checkpointing and offloading, if any
CALLS, NODES = 20_000, 500_000  # that are remembered where no step ever comes


class _Plan(NamedTuple):
    """What is to be done when a module has run."""

    module: "weakref.ref[nn.Module]"
    leaf: bool
    enters: bool  # has weights or normalises: may be the first layer that a batch meets
    samplers: list[Callable[[Any], None]]


class Forwards:
    """Counts how deep in calls of modules control is, and tells of the outermost ones and of layers."""

    def __init__(self, stage: Stage, hearing: Hearing, training: Training, only: nn.Module | None) -> None:
        self._only = only  # the one network to watch, None for all
        self._stage = stage
        self._hearing = hearing
        self._training = training
        self._thread = get_ident()
        self.depth = 0
        self.ignoring = False  # inside a call that must not be measured
        self.batch: Batch | None = None  # that a DataLoader gave last
        self._call: Call | None = None  # the one that is running
        self._failing: Call | None = None  # the last one that returned nothing, perhaps because of an exception
        self._number = 0
        self._entering = False  # no layer has met the batch yet
        self._plans: dict[int, _Plan] = {}

    def before(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Global forward pre-hook."""
        if get_ident() != self._thread:
            return
        if self.depth == 0:
            self._call = None
            self.ignoring = unmeasurable()
            if not self.ignoring:
                self._begin(module, inputs)
        self.depth += 1

    def after(self, module: nn.Module, inputs: tuple[Any, ...], kwargs: Any, output: Any = None) -> None:
        """Global forward hook; when the forward pass raised, torch leaves out the keyword arguments and gives None."""
        if self.depth == 0 or get_ident() != self._thread:
            return
        self.depth -= 1
        call = self._call
        if call is None:
            self.ignoring = self.ignoring and self.depth > 0
            return
        if output is not None and (call.grad or call.training):
            plan = self._plans.get(id(module))
            if plan is None or plan.module() is not module:
                plan = self._plan(module, call)
            if plan.leaf:
                self._leaf(plan, module, inputs, output)
        if self.depth == 0:
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
        self._plans = {}

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
        self._entering = call.grad and bool(self._hearing.first_layer)
        if stage.step == 0 and call.grad and self._hearing.reads_graph:
            stage.lines.start()
        for hear in self._hearing.forward_begins:
            hear(call)

    def _wanted(self, module: nn.Module) -> bool:
        return self._only is None or module is self._only or unwrapped(module) is unwrapped(self._only)

    def _plan(self, module: nn.Module, call: Call) -> _Plan:
        """Decide once what is to be done at each call of a module."""
        layers = self._stage.layers
        entry = layers.find(module) or layers.meet(module, call.root)
        samplers = [sampler(module) for sampler in self._hearing.sampler] if entry.leaf else []
        plan = self._plans[id(module)] = _Plan(
            weakref.ref(module),
            entry.leaf,
            entry.op in WEIGHTED | NORMALISATIONS,
            [sampler for sampler in samplers if sampler is not None],
        )
        if entry.leaf:
            layers.call(module)
        return plan

    def _leaf(self, plan: _Plan, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        made = output[0] if type(output) is tuple and output else output
        node = getattr(made, "grad_fn", None)
        if node is not None:
            number = node._sequence_nr()
            self._stage.producers[number] = module
            if _packing(True) is not None:
                self._stage.packed.add(number)
        with_gradients = torch.is_grad_enabled()
        _set_gradients(False)
        try:
            if self._entering and plan.enters:
                self._enter(module, inputs)
            for sample in plan.samplers:
                sample(made)
        finally:
            _set_gradients(with_gradients)

    def _enter(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._entering = False
        for hear in self._hearing.first_layer:
            hear(module, inputs)

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
        with_gradients = torch.is_grad_enabled()
        _set_gradients(False)
        try:
            for hear in self._hearing.forward_ends:
                hear(call, output)
        finally:
            _set_gradients(with_gradients)
        call.args, call.kwargs = (), {}
