"""The parameters of the watched networks: names, owners, and the samples that are taken of them."""

import weakref
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dnnlint.evidence.trace import ParameterInfo
from dnnlint.probe.stage import Stage, local

_SAMPLE = 1024  # elements of one tensor


class Owner(NamedTuple):
    """The module that a parameter was found in first, and its name there."""

    parameter: "weakref.ref[Tensor]"
    module: nn.Module
    path: str


class Book:
    """Parameters by identity, in the order of their modules."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._owners: dict[int, Owner] = {}
        self._met = -1
        self.received: set[int] = set()  # identities of parameters that had a gradient at a step

    def owner(self, parameter: Tensor) -> Owner | None:
        """Who a parameter belongs to; None if no module that ran has it."""
        known = self._owners.get(id(parameter))
        return known if known is not None and known.parameter() is parameter else None

    def refresh(self) -> None:
        """Look for the parameters of modules met since."""
        met = self._stage.layers.count
        if met == self._met:
            return
        self._met = met
        for module, entry in self._stage.layers.modules():
            if isinstance(module, torch.jit.ScriptModule):
                continue
            for name, parameter in module._parameters.items():
                if parameter is not None and self.owner(parameter) is None:
                    path = f"{entry.path}.{name}" if entry.path else name
                    self._owners[id(parameter)] = Owner(weakref.ref(parameter), module, path)

    def owners(self) -> Iterable[tuple[Tensor, Owner]]:
        """All parameters that still live."""
        for owner in list(self._owners.values()):
            parameter = owner.parameter()
            if parameter is not None:
                yield parameter, owner

    def info(self, parameter: Tensor, owner: Owner) -> ParameterInfo:
        """A parameter as evidence."""
        layer = self._stage.layer(owner.module)
        holders = tuple(
            stepper.number
            for stepper in self._stage.steppers
            if any(held is parameter for held in stepper.parameters())
        )
        return ParameterInfo(
            name=owner.path,
            layer=layer,
            shape=tuple(parameter.shape),
            dtype=str(parameter.dtype).removeprefix("torch."),
            device=str(parameter.device),
            trainable=parameter.requires_grad,
            optimizers=holders,
            received=id(parameter) in self.received,
            sparse=layer.op == "embedding",
        )


def sample(tensor: Tensor) -> Tensor:
    """At most 1024 elements spread over a dense tensor: 1-D, in the order of memory, a view where that can be."""
    tensor = local(tensor).detach()
    count = tensor.numel()
    stride = max(count // _SAMPLE, 1)
    if count and _is_dense(tensor):
        return tensor.as_strided((min(count // stride, _SAMPLE),), (stride,), tensor.storage_offset())
    return tensor.reshape(-1)[::stride][:_SAMPLE]


def _is_dense(tensor: Tensor) -> bool:
    """Whether the elements lie side by side in memory, in whatever order."""
    if tensor.is_contiguous():
        return True
    return tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)


def joined(samples: list[Tensor]) -> Tensor:
    """Samples of several tensors as one float32 tensor, a copy."""
    if all(piece.dtype == samples[0].dtype for piece in samples):
        return torch.cat(samples).float() if samples[0].dtype != torch.float32 else torch.cat(samples)
    return torch.cat([piece.float() for piece in samples])
