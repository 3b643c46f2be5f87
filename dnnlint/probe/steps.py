"""Steps of optimisers: torch's global hooks around them; optimisers that wrap others count once."""

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from dnnlint.probe.forwards import Forwards
from dnnlint.probe.happenings import Stepper
from dnnlint.probe.hearing import Hearing
from dnnlint.probe.sites import take
from dnnlint.probe.stage import Stage

_STEP = "Optimizer.profile_hook_step.<locals>.wrapper"


class Steps:
    """Tells of the begin and the end of each outermost step."""

    def __init__(self, stage: Stage, hearing: Hearing, forwards: Forwards, done: Callable[[Stepper], None]) -> None:
        self._stage = stage
        self._hearing = hearing
        self._forwards = forwards
        self._done = done
        self._thread = threading.get_ident()
        self._running = 0

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Global optimiser pre-hook."""
        if threading.get_ident() != self._thread:
            return
        if self._running or self._forwards.depth:
            self._recover()
        self._running += 1
        if self._running > 1 or not optimizer.param_groups:
            return
        stepper = self._stage.stepper(optimizer)
        _note_rate(stepper, optimizer.param_groups[0])
        parameters = stepper.parameters()
        scale = getattr(optimizer, "grad_scale", None)
        stepper.closure = bool(kwargs.get("closure") or (len(args) > 1 and args[1] is not None))
        called = take(2)
        for tell in self._hearing.event:
            tell("step", called, stepper)
        for hear in self._hearing.step_begins:
            hear(stepper, parameters, scale if isinstance(scale, Tensor) else None)

    def after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Global optimiser post-hook."""
        if threading.get_ident() != self._thread:
            return
        self._running = max(self._running - 1, 0)
        if self._running or not optimizer.param_groups:
            return
        stage = self._stage
        stepper = stage.stepper(optimizer)
        parameters = stepper.parameters()
        stepper.steps += 1
        for hear in self._hearing.step_ends:
            hear(stepper, parameters)
        stage.step = max(stage.step, stepper.steps)
        stage.board.flush()
        stage.forget_step()
        self._done(stepper)

    def _recover(self) -> None:
        """Count anew what is running: an exception left a step, or an interrupt a forward pass, without a hook."""
        running = set()
        self._running = -1  # the step that is about to begin
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            running.add(frame.f_code)
            self._running += frame.f_code.co_qualname == _STEP
            frame = frame.f_back
        if nn.Module._call_impl.__code__ not in running:
            self._forwards.forget()


def _note_rate(stepper: Stepper, group: dict[str, Any]) -> None:
    if not stepper.rates:
        stepper.weight_decay = _number(group.get("weight_decay"))
        if "initial_lr" in group:
            stepper.base_rate = _number(group["initial_lr"])
    stepper.rates.append(_number(group.get("lr")))


def _number(value: object) -> float:
    """A learning rate; one that lies on a device (capturable optimisers) is not waited for."""
    if isinstance(value, Tensor):
        return float(value) if value.device.type == "cpu" else float("nan")
    return float(value) if isinstance(value, int | float) else float("nan")
