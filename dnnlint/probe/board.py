"""Deferred numbers: samples stay on their device until a step is over, and travel in one asynchronous copy.

Reading a number from a device while the script runs would make the host wait for the device. Channels therefore
``post`` small tensors with a receiver; ``flush`` joins what was posted into one tensor a device and starts its copy;
``deliver`` hands over what has arrived. Statistics are made on the host, after the watched steps: within a step
nothing is done but copying.
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


class Board:
    """Collects the posts of a step."""

    def __init__(self) -> None:
        self._posted: dict[torch.device, list[tuple[Tensor, Receiver]]] = {}
        self._under_way: list[_Shipment] = []

    def post(self, numbers: Tensor, receiver: Receiver) -> None:
        """Hand in a tensor that nobody else will write to; the receiver gets it as 1-D float32 on the host, later."""
        if not numbers.is_meta:  # a tensor without numbers
            self._posted.setdefault(numbers.device, []).append((numbers, receiver))

    def flush(self) -> None:
        """Start the journey of everything posted."""
        if not self._posted:
            return
        posted, self._posted = self._posted, {}
        with torch.no_grad():
            for device, items in posted.items():
                joined = torch.cat([_flat(numbers) for numbers, _ in items])
                receivers = [(numbers.numel(), receiver) for numbers, receiver in items]
                self._under_way.append(_ship(joined, device, receivers))

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


def _flat(numbers: Tensor) -> Tensor:
    flat = numbers.detach().reshape(-1)
    return flat if flat.dtype == torch.float32 else flat.float()


def _ship(numbers: Tensor, device: torch.device, receivers: list[tuple[int, Receiver]]) -> _Shipment:
    if device.type == "cuda":
        host = torch.empty(numbers.shape, dtype=numbers.dtype, device="cpu", pin_memory=True)
        host.copy_(numbers, non_blocking=True)
        arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
        arrived.record(torch.cuda.current_stream(device))
        return _Shipment(host, arrived, receivers)
    return _Shipment(numbers.cpu(), None, receivers)
