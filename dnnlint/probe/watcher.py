"""The watcher: hears what happens in the run and passes it to the channels that want to know."""

import sys
import threading
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from dnnlint.probe import graph
from dnnlint.probe.channel import Channel
from dnnlint.probe.graph import Graph
from dnnlint.probe.happenings import Backward, Batch, Call, Loss, Stepper
from dnnlint.probe.layers import unwrapped
from dnnlint.probe.losses import LossFunction
from dnnlint.probe.sites import Mark, take
from dnnlint.probe.stage import Stage, packs_saved_tensors, tensors_in

HAPPENINGS = (
    "forward_begins", "layer_output", "forward_ends", "failure", "loss", "backward_begins", "backward_ends",
    "event", "step_begins", "step_ends", "batch",
)  # fmt: skip
CALLS, NODES = 20_000, 500_000  # that are remembered where no step ever comes
_TRACERS = (torch._C._TorchDispatchModeKey.FAKE, torch._C._TorchDispatchModeKey.PROXY)


class Watcher:
    """Turns hooks and patches into happenings.

    Every entry point is guarded: an error of ours ends the watching (``fail``), never the run. What happens in other
    threads and in forked children is not looked at.
    """

    def __init__(
        self,
        stage: Stage,
        channels: Iterable[Channel],
        done: Callable[[Stepper], None],
        only: nn.Module | None = None,
    ) -> None:
        self._only = only  # the one network to watch, None for all
        self.stage = stage
        self._done = done
        self._thread = threading.get_ident()
        self._depth = 0
        self.on = True
        self.ignoring = False  # inside a call that must not be measured
        self.silent = 0  # inside a call of torch's own that calls what we watch
        self._call: Call | None = None  # the one that is running
        self._failing: Call | None = None  # the last one that returned nothing, perhaps because of an exception
        self._batch: Batch | None = None  # that a DataLoader gave last
        self._losses: list[Loss] = []
        self._loss_number = 0
        self.loaders = stage.loaders
        self._stepping = 0
        self._number = 0
        self.error: BaseException | None = None
        self._hear: dict[str, list[Callable[..., None]]] = {
            happening: [
                getattr(channel, happening)
                for channel in channels
                if getattr(type(channel), happening) is not getattr(Channel, happening)
            ]
            for happening in HAPPENINGS
        }
        self._on_output = self._hear["layer_output"]
        self.reads_graph = bool(self._hear["backward_begins"] or self._hear["loss"])

    # Forward passes

    def before_forward(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Global forward pre-hook."""
        if threading.get_ident() != self._thread:
            return
        if self._depth == 0:
            self._call = None
            self.ignoring = unmeasurable()
            if not self.ignoring:
                self._begin(module, inputs)
        self._depth += 1

    def after_forward(self, module: nn.Module, inputs: tuple[Any, ...], *rest: Any) -> None:
        """Global forward hook; when the forward pass raised, torch leaves out the keyword arguments and gives None."""
        if self._depth == 0 or threading.get_ident() != self._thread:
            return
        self._depth -= 1
        if self.ignoring:
            self.ignoring = self._depth > 0
            return
        call = self._call
        kwargs, output = rest if len(rest) > 1 else ({}, None)
        if call is not None and output is not None and (call.grad or call.training):
            entry = self.stage.layers.find(module)
            if entry is None:
                entry = self.stage.layers.meet(module, call.root)
            if entry.leaf:
                self._leaf(module, inputs, output)
        if self._depth == 0 and call is not None:
            self._end(call, kwargs, output)

    def _begin(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        stage = self.stage
        if not stage.layers.is_network(module) or not self._wanted(module):
            return
        if len(stage.calls) > CALLS or len(stage.producers) > NODES:
            stage.forget_step()
            self._losses = []
        self._number += 1
        self._failing = None
        batch = self._batch
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
        if stage.step == 0 and call.grad and self.reads_graph:
            stage.lines.start()
        for hear in self._hear["forward_begins"]:
            hear(call)

    def _wanted(self, module: nn.Module) -> bool:
        return self._only is None or module is self._only or unwrapped(module) is unwrapped(self._only)

    def _leaf(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        stage = self.stage
        stage.layers.call(module)
        made = output[0] if type(output) is tuple and output else output
        node = getattr(made, "grad_fn", None)
        if node is not None:
            number = graph.number(node)
            stage.producers[number] = module
            if packs_saved_tensors():
                stage.packed.add(number)
        for hear in self._on_output:
            hear(module, inputs, output)

    def _end(self, call: Call, kwargs: dict[str, Any], output: Any) -> None:
        self._call = None
        stage = self.stage
        if output is None:
            self._failing = call
            return
        call.kwargs = kwargs
        stage.forwards += 1
        nodes = [tensor.grad_fn for tensor in tensors_in(output)]
        call.outputs = tuple(graph.number(node) for node in nodes if node is not None)
        if call.outputs:
            stage.calls.append(call)
        for hear in self._hear["forward_ends"]:
            hear(call, output)
        call.args, call.kwargs = (), {}

    # Losses

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
        stage = self.stage
        node = None if result is None or result.grad_fn is None else graph.number(result.grad_fn)
        loss = Loss(
            self._loss_number,
            function.kind,
            take(2),
            stage.step,
            options,
            *function.shapes(given, target, caller),
            _dtype(given),
            _dtype(target),
            node,
        )
        self._loss_number += 1
        made_by = graph.producer(given.grad_fn, stage.producers)
        if made_by is not None:
            loss.input_op = graph.op(made_by)
            loss.input_node = graph.number(made_by)
            loss.input_layer = stage.producers.get(graph.number(made_by))
        self._losses.append(loss)
        for hear in self._hear["loss"]:
            hear(loss, given, target, result)

    # Backward passes

    def backward(self, roots: tuple[Tensor, ...], scale: Tensor | None) -> Backward:
        """A backward pass is about to start."""
        stage = self.stage
        backward = Backward(take(2), stage.step, roots, scale)
        stage.backwards += 1
        stage.lines.stop()
        if self.reads_graph:
            stage.graph = read = Graph([root.grad_fn for root in roots])
            for call in stage.calls:
                if not read.numbers.isdisjoint(call.outputs):
                    call.backward = True
                    if call.loader is not None:
                        self.loaders.training.add(call.loader)
            for loss in self._losses:
                loss.trains = loss.trains or loss.node in read.numbers
        self.event("backward", backward.called, None)
        for hear in self._hear["backward_begins"]:
            hear(backward)
        return backward

    def backward_over(self, backward: Backward) -> None:
        """A backward pass ended."""
        for hear in self._hear["backward_ends"]:
            hear(backward)
        self.stage.graph = None
        self._losses = []

    # Steps and what stands between them

    def event(self, kind: str, called: Mark | None, stepper: Stepper | None) -> None:
        """A call that matters for the order of a step."""
        for hear in self._hear["event"]:
            hear(kind, called, stepper)

    def before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Global optimiser pre-hook; optimisers that wrap others count once."""
        if threading.get_ident() != self._thread:
            return
        if self._stepping or self._depth:
            self._recover()
        self._stepping += 1
        if self._stepping > 1 or not optimizer.param_groups:
            return
        stepper = self.stage.stepper(optimizer)
        if not stepper.rates:
            stepper.weight_decay = _number(optimizer.param_groups[0].get("weight_decay"))
            if "initial_lr" in optimizer.param_groups[0]:
                stepper.base_rate = _number(optimizer.param_groups[0]["initial_lr"])
        stepper.rates.append(_number(optimizer.param_groups[0].get("lr")))
        parameters = stepper.parameters()
        scale = getattr(optimizer, "grad_scale", None)
        stepper.closure = bool(kwargs.get("closure") or (len(args) > 1 and args[1] is not None))
        self.event("step", take(2), stepper)
        for hear in self._hear["step_begins"]:
            hear(stepper, parameters, scale if isinstance(scale, Tensor) else None)

    def after_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Global optimiser post-hook."""
        if threading.get_ident() != self._thread:
            return
        self._stepping = max(self._stepping - 1, 0)
        if self._stepping or not optimizer.param_groups:
            return
        stage = self.stage
        stepper = stage.stepper(optimizer)
        parameters = stepper.parameters()
        stepper.steps += 1
        for hear in self._hear["step_ends"]:
            hear(stepper, parameters)
        stage.step = max(stage.step, stepper.steps)
        stage.board.flush()
        stage.forget_step()
        self._done(stepper)

    def mode(self, module: nn.Module, training: bool) -> None:
        """``train()`` or ``eval()`` was called on a module."""
        self.stage.eval_calls[id(module)] = None if training else take(2)

    def batch(self, loader: int, iteration: int, position: int, data: Any) -> None:
        """A DataLoader gave a batch."""
        batch = self._batch = Batch(loader, iteration, position, data)
        for hear in self._hear["batch"]:
            hear(batch)

    def failure(self, error: BaseException) -> None:
        """The script is ending in an exception."""
        for hear in self._hear["failure"]:
            hear(self._call or self._failing, error)

    def let_go(self) -> None:
        """Keep nothing of the script's alive: names that it imported while it was watched may still lead here."""
        self._call = self._failing = self._batch = None
        self._losses = []
        self._hear = {happening: [] for happening in HAPPENINGS}
        self._on_output = []

    @property
    def here(self) -> bool:
        """Whether this is the process and thread that is watched, and not inside a call that is not to be heard."""
        return self.on and not self.silent and threading.get_ident() == self._thread

    def _recover(self) -> None:
        """Count anew what is running: an exception left a step, or an interrupt a forward pass, without a hook."""
        running = set()
        self._stepping = -1  # the step that is about to begin
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            running.add(frame.f_code)
            self._stepping += frame.f_code.co_qualname == "Optimizer.profile_hook_step.<locals>.wrapper"
            frame = frame.f_back
        if nn.Module._call_impl.__code__ not in running:
            self._depth, self._call = 0, None


def unmeasurable() -> bool:
    """Whether a module runs for someone else than the training: a recomputation, a transform, a tracer."""
    return (
        torch._C._current_graph_task_id() != -1
        or any(torch._C._get_dispatch_mode(tracer) is not None for tracer in _TRACERS)
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch._C._is_tracing()
        or torch.compiler.is_compiling()
    )


def _dtype(tensor: object) -> str:
    return str(tensor.dtype).removeprefix("torch.") if isinstance(tensor, Tensor) else "unknown"


def _number(value: object) -> float:
    """A learning rate; one that lies on a device (capturable optimisers) is not waited for."""
    if isinstance(value, Tensor):
        return float(value) if value.device.type == "cpu" else float("nan")
    return float(value) if isinstance(value, int | float) else float("nan")
