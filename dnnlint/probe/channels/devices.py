"""Devices: where parameters and inputs lie, in which precision, and calls that failed because of it."""

import re

import torch
from torch import nn

from dnnlint.evidence.trace import Devices, Mismatch
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Call
from dnnlint.probe.layers import unwrapped
from dnnlint.probe.sites import failed_at
from dnnlint.probe.stage import Stage, tensors_in

_NAMED = re.compile(r"\b(?:cpu|meta|(?:cuda|mps|xpu)(?::\d+)?)\b")
_WORDS = ("same device", "expected device", "but is on", "device type", "meta tensor", "Input type")


class DevicesChannel(Channel):
    """Hears calls of outermost modules, and the script's failure."""

    record = Devices

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._parameters: set[str] = set()
        self._inputs: set[str] = set()
        self._dtypes: set[str] = set()
        self._autocast = ""
        self._mismatches: list[Mismatch] = []
        self._seen: set[int] = set()

    def forward_begins(self, call: Call) -> None:
        """Note devices and dtypes, once a network."""
        if not call.grad or id(call.root) in self._seen:
            return
        self._seen.add(id(call.root))
        self._inputs |= {str(tensor.device) for tensor in tensors_in(call.args)}
        for parameter in call.root.parameters():
            self._parameters.add(str(parameter.device))
            if parameter.requires_grad:
                self._dtypes.add(str(parameter.dtype).removeprefix("torch."))
        for device in {device.partition(":")[0] for device in self._parameters}:
            if device != "meta" and torch.is_autocast_enabled(device):
                self._autocast = str(torch.get_autocast_dtype(device)).removeprefix("torch.")

    def failure(self, call: Call | None, error: BaseException) -> None:
        """Tell of an exception that speaks of devices, if they really differ."""
        if call is None or not isinstance(error, RuntimeError | NotImplementedError):
            return
        text = str(error)
        if not any(word in text for word in _WORDS):
            return
        devices = _devices(call.root) | {str(tensor.device) for tensor in tensors_in(call.args)}
        called = call.called
        if len(devices) < 2:  # a part that the network does not know of: the line inside of it
            devices |= set(_NAMED.findall(text))
            called = failed_at(error) or called
        if len(devices) > 1:
            network = type(unwrapped(call.root)).__name__
            summary = text.partition("\n")[0][:200]
            self._mismatches.append(Mismatch(self.stage.site(called), tuple(sorted(devices)), network, summary))

    def told(self) -> Devices:
        """What was seen so far."""
        return Devices(
            tuple(self._mismatches),
            tuple(sorted(self._parameters)),
            tuple(sorted(self._inputs)),
            tuple(sorted(self._dtypes)),
            self._autocast,
        )


def _devices(module: nn.Module) -> set[str]:
    return {str(tensor.device) for tensor in (*module.parameters(), *module.buffers())}
