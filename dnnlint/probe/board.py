"""Deferred numbers: small results stay on their device until a step is over, and travel in one asynchronous copy.

Reading a number from a device while the script runs would make the host wait for the device. Channels therefore
``post`` small float tensors with a callback; ``flush`` joins what was posted into one tensor a device and starts its
copy; ``collect`` hands over what has arrived.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

Receiver = Callable[[Sequence[float]], None]


class _Shipment(NamedTuple):
    numbers: Tensor  # on the host, perhaps still on its way
    arrived: Any  # a device event, None for the host's own
    receivers: list[tuple[int, Receiver]]


class Board:
    """Collects the posts of a step."""

    def __init__(self) -> None:
        self._posted: dict[torch.device, list[tuple[Tensor, Receiver]]] = {}
        self._under_way: deque[_Shipment] = deque()

    def post(self, numbers: Tensor, receiver: Receiver) -> None:
        """Hand in a 1-D float32 tensor; the receiver gets its values as plain floats later."""
        self._posted.setdefault(numbers.device, []).append((numbers, receiver))

    def flush(self) -> None:
        """Start the journey of everything posted."""
        if not self._posted:
            return
        posted, self._posted = self._posted, {}
        for device, items in posted.items():
            joined = torch.cat([numbers for numbers, _ in items]) if len(items) > 1 else items[0][0]
            receivers = [(len(numbers), receiver) for numbers, receiver in items]
            self._under_way.append(_ship(joined, device, receivers))

    def collect(self, wait: bool = False) -> None:
        """Deliver what has arrived; with ``wait``, everything."""
        while self._under_way:
            numbers, arrived, receivers = self._under_way[0]
            if arrived is not None:
                if wait:
                    arrived.synchronize()
                elif not arrived.query():
                    return
            self._under_way.popleft()
            values = numbers.tolist()
            start = 0
            for count, receiver in receivers:
                receiver(values[start : start + count])
                start += count


def _ship(numbers: Tensor, device: torch.device, receivers: list[tuple[int, Receiver]]) -> _Shipment:
    if device.type == "cuda":
        host = torch.empty(numbers.shape, dtype=numbers.dtype, pin_memory=True)
        host.copy_(numbers, non_blocking=True)
        arrived = torch.cuda.Event()
        arrived.record(torch.cuda.current_stream(device))
        return _Shipment(host, arrived, receivers)
    if device.type == "cpu":
        return _Shipment(numbers, None, receivers)
    return _Shipment(numbers.cpu(), None, receivers)
