"""Who hears of what: the channels' methods by the happening that they are about."""

from collections.abc import Callable, Iterable
from typing import Any

from dnnlint.probe.channel import Channel

Listeners = list[Callable[..., Any]]


class Hearing:
    """One list of listeners a happening; a channel that does not override a method does not hear of it."""

    def __init__(self, channels: Iterable[Channel]) -> None:
        self._channels = list(channels)
        self.forward_begins = self._listeners("forward_begins")
        self.sampler = self._listeners("sampler")
        self.first_layer = self._listeners("first_layer")
        self.forward_ends = self._listeners("forward_ends")
        self.failure = self._listeners("failure")
        self.loss = self._listeners("loss")
        self.backward_begins = self._listeners("backward_begins")
        self.backward_ends = self._listeners("backward_ends")
        self.event = self._listeners("event")
        self.step_begins = self._listeners("step_begins")
        self.step_ends = self._listeners("step_ends")
        self.batch = self._listeners("batch")

    @property
    def reads_graph(self) -> bool:
        """Whether anybody asks for the graph of a backward pass."""
        return bool(self.backward_begins or self.loss)

    def stop(self) -> None:
        """Forget all listeners."""
        self._channels.clear()
        for listeners in vars(self).values():
            listeners.clear()

    def _listeners(self, happening: str) -> Listeners:
        return [
            getattr(channel, happening)
            for channel in self._channels
            if getattr(type(channel), happening) is not getattr(Channel, happening)
        ]
