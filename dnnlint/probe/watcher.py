"""The watcher: hears what happens in the run and passes it to the channels that want to know."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn

from dnnlint.probe.channel import Channel
from dnnlint.probe.forwards import Forwards
from dnnlint.probe.happenings import Batch, Stepper
from dnnlint.probe.hearing import Hearing
from dnnlint.probe.sites import Mark, take
from dnnlint.probe.stage import Stage
from dnnlint.probe.steps import Steps
from dnnlint.probe.training import Training


class Watcher:
    """Turns hooks and patches into happenings.

    Every entry point is guarded: an error of ours ends the watching, never the run. What happens in other threads and
    in forked children is not looked at.
    """

    def __init__(
        self,
        stage: Stage,
        channels: Iterable[Channel],
        done: Callable[[Stepper], None],
        only: nn.Module | None = None,
    ) -> None:
        self.stage = stage
        self.on = True
        self.silent = 0  # inside a call of torch's own that calls what we watch
        self._thread = threading.get_ident()
        self._hearing = hearing = Hearing(channels)
        self.training = Training(stage, hearing)
        self.forwards = Forwards(stage, hearing, self.training, only)
        self.steps = Steps(stage, hearing, self.forwards, done)

    def event(self, kind: str, called: Mark | None, stepper: Stepper | None) -> None:
        """A call that matters for the order of a step."""
        for hear in self._hearing.event:
            hear(kind, called, stepper)

    def mode(self, module: nn.Module, training: bool) -> None:
        """``train()`` or ``eval()`` was called on a module."""
        self.stage.eval_calls[id(module)] = None if training else take(2)

    def batch(self, loader: int, iteration: int, position: int, data: Any) -> None:
        """A DataLoader gave a batch."""
        batch = self.forwards.batch = Batch(loader, iteration, position, data)
        for hear in self._hearing.batch:
            hear(batch)

    def failure(self, error: BaseException) -> None:
        """The script is ending in an exception."""
        for hear in self._hearing.failure:
            hear(self.forwards.failed, error)

    def let_go(self) -> None:
        """Keep nothing of the script's alive: names that it imported while it was watched may still lead here."""
        self.forwards.let_go()
        self.training.forget()
        self._hearing.stop()

    @property
    def here(self) -> bool:
        """Whether this is the process and thread that is watched, and not inside a call that is not to be heard."""
        return self.on and not self.silent and threading.get_ident() == self._thread
