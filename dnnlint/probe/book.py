"""The parameters of the watched networks: names, owners, and the samples that are taken of them."""

import weakref
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dnnlint.evidence.trace import ParameterInfo
from dnnlint.probe.happenings import Stepper
from dnnlint.probe.stage import Stage, local

SAMPLE = 1024  # elements of one tensor


class Owner(NamedTuple):
    """The module that a parameter was found in first, and its name there."""

    parameter: "weakref.ref[Tensor]"
    module: nn.Module
    name: str


class Norms(NamedTuple):
    """Two-norms of one parameter at one step."""

    step: int
    gradient: float
    weight: float


class Book:
    """Parameters by identity, in the order of their modules."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._owners: dict[int, Owner] = {}
        self._met = -1
        self.received: set[int] = set()  # identities of parameters that had a gradient at a step
        self.norms: dict[tuple[int, int], list[Norms]] = {}  # by identity of the parameter and number of the optimiser
        self.parameters: dict[int, Tensor] = {}  # those that have norms
        self._measured: tuple[int, int] | None = None

    def owner(self, parameter: Tensor) -> Owner | None:
        """Who a parameter belongs to; None if no module that ran has it."""
        known = self._owners.get(id(parameter))
        return known if known is not None and known.parameter() is parameter else None

    def forget(self) -> None:
        """Drop all owners."""
        self._owners.clear()
        self._met = -1

    def refresh(self) -> None:
        """Look for the parameters of modules met since."""
        met = self._stage.layers.count
        if met == self._met:
            return
        self._met = met
        for module, _ in self._stage.layers.modules():
            if isinstance(module, torch.jit.ScriptModule):
                continue
            for name, parameter in module._parameters.items():
                if parameter is not None and self.owner(parameter) is None:
                    self._owners[id(parameter)] = Owner(weakref.ref(parameter), module, name)

    def measure(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """Post the norms of gradients and weights, one fused reduction a device; once a step, whoever asks."""
        moment = stepper.number, stepper.steps
        if self._measured == moment or stepper.closure:  # a closure makes the gradients within the step
            return
        self._measured = moment
        self.refresh()
        held = [parameter for parameter in parameters if parameter.grad is not None and not parameter.is_meta]
        self.received.update(map(id, held))
        for device in dict.fromkeys(parameter.device for parameter in held):
            here = [parameter for parameter in held if parameter.device == device]
            names = list(map(id, here))
            self.parameters.update(zip(names, here, strict=True))
            self._stage.board.post(_norms(here, scale), partial(self._receive, names, *moment))

    def _receive(self, names: list[int], optimizer: int, step: int, arrived: Tensor) -> None:
        values = arrived.tolist()
        for place, name in enumerate(names):
            entry = Norms(step, values[place], values[len(names) + place])
            self.norms.setdefault((name, optimizer), []).append(entry)

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
            name=f"{layer.path}.{owner.name}" if layer.path else owner.name,
            layer=layer,
            shape=tuple(parameter.shape),
            dtype=str(parameter.dtype).removeprefix("torch."),
            device=str(parameter.device),
            trainable=parameter.requires_grad,
            optimizers=holders,
            received=id(parameter) in self.received,
            sparse=layer.op == "embedding",
            sharded=hasattr(parameter, "to_local"),
        )


def _norms(parameters: list[Tensor], scale: Tensor | None) -> Tensor:
    """Norms of all gradients, unscaled, and then of all weights: (2 * parameters,), float32."""
    with torch.no_grad():
        gradients = [_values(parameter.grad) for parameter in parameters]
        norms = torch.stack(torch._foreach_norm([*gradients, *map(local, parameters)]))
        norms = norms if norms.dtype == torch.float32 else norms.float()
        if scale is not None:
            norms[: len(parameters)].div_(scale)
        return norms


def _values(gradient: Tensor | None) -> Tensor:
    assert gradient is not None
    gradient = local(gradient)
    return gradient._values() if gradient.is_sparse else gradient


def sample(tensor: Tensor) -> Tensor:
    """At most 1024 elements spread over a dense tensor: 1-D, in the order of memory, a view where that can be."""
    tensor = local(tensor).detach()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    count = tensor.numel()
    stride = max(count // SAMPLE, 1)
    if count and _is_dense(tensor):
        return tensor.as_strided((min(count // stride, SAMPLE),), (stride,), tensor.storage_offset())
    return tensor.reshape(-1)[::stride][:SAMPLE]


def _is_dense(tensor: Tensor) -> bool:
    """Whether the elements lie side by side in memory, in whatever order."""
    if tensor.is_contiguous():
        return True
    return tensor.dim() == 4 and bool(tensor.is_contiguous(memory_format=torch.channels_last))
