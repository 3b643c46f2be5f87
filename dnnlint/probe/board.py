"""Deferred numbers: samples stay on their device until a step is over, and travel in one asynchronous copy.

Reading a number from a device while the script runs would make the host wait for the device. Channels therefore
``post`` small tensors with a receiver: they are copied at once, side by side into one buffer a device, which the step
before has shown the size of. ``flush`` starts the buffer's journey; ``deliver`` hands over what has arrived. Statistics
are made on the host, after the watched steps: within a step nothing is done but copying.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

Receiver = Callable[[Tensor], None]


class _Shipment(NamedTuple):
    numbers: Tensor  # on the host, perhaps still on its way
    arrived: Any  # a device event, None for the host's own
    receivers: list[tuple[int, Receiver]]


class _Slot(NamedTuple):
    room: Tensor
    end: int  # where in the buffer it ends
    size: int


class _Lane:
    """The buffer of one device; what finds no room in it lies apart, and the buffer is as large the next time."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.receivers: list[tuple[int, Receiver]] = []
        self._buffer = _fresh((0,), device)
        self._apart: list[Tensor] = []
        self._end = 0  # of what is taken
        self._slots: dict[tuple[int, tuple[int, ...]], _Slot] = {}  # by begin and shape: most steps are alike

    def slot(self, shape: tuple[int, ...]) -> _Slot:
        """The next room of a shape."""
        found = self._slots.get((self._end, shape)) or self._make(shape)
        self._end = found.end
        return found

    def _make(self, shape: tuple[int, ...]) -> _Slot:
        begin = self._end
        apart = _fresh(shape, self.device)
        count = apart.numel()
        end = begin + count
        if self._apart or end > len(self._buffer):
            self._apart.append(apart)
            return _Slot(apart, end, count)
        slot = self._slots[begin, shape] = _Slot(self._buffer[begin:end].view(shape), end, count)
        return slot

    def ship(self) -> _Shipment:
        """Start the journey of all that was written."""
        receivers, self.receivers = self.receivers, []
        if self._apart:
            taken = self._end - sum(tensor.numel() for tensor in self._apart)
            joined = torch.cat([self._buffer[:taken], *(tensor.reshape(-1) for tensor in self._apart)])
            self._buffer, self._apart, self._slots = _fresh((self._end,), self.device), [], {}
        else:
            joined = self._buffer[: self._end]
        self._end = 0
        return _sent(joined, self.device, receivers)


class Board:
    """Collects the posts of a step."""

    def __init__(self) -> None:
        self._lanes: dict[torch.device, _Lane] = {}
        self._under_way: list[_Shipment] = []

    def post(self, numbers: Tensor, receiver: Receiver) -> None:
        """Copy a tensor, any view of one, that wants no gradient; the receiver gets it as 1-D float32, later."""
        lane = self._lanes.get(numbers.device) or self._open(numbers.device)
        slot = lane.slot(numbers.shape)
        slot.room.copy_(numbers)
        lane.receivers.append((slot.size, receiver))

    def room(self, count: int, device: torch.device, receiver: Receiver) -> Tensor:
        """A place for the caller to write so many numbers to, now."""
        lane = self._lanes.get(device) or self._open(device)
        slot = lane.slot((count,))
        lane.receivers.append((slot.size, receiver))
        return slot.room

    def flush(self) -> None:
        """Start the journey of everything posted."""
        for lane in self._lanes.values():
            if lane.device.type == "meta":  # without numbers
                lane.receivers.clear()
            elif lane.receivers:
                self._under_way.append(lane.ship())

    def deliver(self, wait: bool = False) -> None:
        """Hand over what has arrived; with ``wait``, everything."""
        while self._under_way:
            numbers, arrived, receivers = self._under_way[0]
            if arrived is not None:
                if wait:
                    arrived.synchronize()
                elif not arrived.query():
                    return
            del self._under_way[0]
            pieces = numbers.split_with_sizes([count for count, _ in receivers])
            for piece, (_, receiver) in zip(pieces, receivers, strict=True):
                receiver(piece)

    def _open(self, device: torch.device) -> _Lane:
        lane = self._lanes[device] = _Lane(device)
        return lane


def _fresh(shape: tuple[int, ...], device: torch.device) -> Tensor:
    with torch.inference_mode(False), torch.no_grad():  # an inference tensor could not be written to later
        return torch.empty(shape, dtype=torch.float32, device=device)


def _sent(joined: Tensor, device: torch.device, receivers: list[tuple[int, Receiver]]) -> _Shipment:
    if device.type == "cuda":
        host = torch.empty(joined.shape, dtype=joined.dtype, device="cpu", pin_memory=True)
        host.copy_(joined, non_blocking=True)
        arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
        arrived.record(torch.cuda.current_stream(device))
        return _Shipment(host, arrived, receivers)
    return _Shipment(joined.clone() if device.type == "cpu" else joined.cpu(), None, receivers)
