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
    weight: float  # before the first step that it was part of


class Book:
    """Parameters by identity, in the order of their modules."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._owners: dict[int, Owner] = {}
        self._met = -1
        self._holders: dict[int, tuple[weakref.ref[Tensor], set[int]]] = {}  # optimisers that may be gone by the end
        self.received: set[int] = set()  # identities of parameters that had a gradient at a step
        self.norms: dict[tuple[int, int], list[Norms]] = {}  # by identity of the parameter and number of the optimiser
        self.parameters: dict[int, Tensor] = {}  # those that have norms
        self._sizes: dict[int, float] = {}  # norms of the weights as they were at their first step
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
        """Have the norms of gradients and of new weights measured, at once for a device; once a step, whoever asks."""
        moment = stepper.number, stepper.steps
        if self._measured == moment or stepper.closure:  # a closure makes the gradients within the step
            return
        self._measured = moment
        self.refresh()
        held = [p for p in parameters if p.grad is not None]
        fresh = [p for p in held if id(p) not in self.parameters]
        devices = dict.fromkeys(p.device for p in held)
        for device in devices:
            if device.type != "meta":
                self._post(stepper, _on(device, held, devices), _on(device, fresh, devices), scale)
        self.received.update(map(id, held))
        self.parameters.update(zip(map(id, fresh), fresh, strict=True))

    def _post(self, stepper: Stepper, held: list[Tensor], fresh: list[Tensor], scale: Tensor | None) -> None:
        receive = partial(self._receive, list(map(id, held)), fresh, stepper.number, stepper.steps)
        room = self._stage.board.room(len(held) + len(fresh), held[0].device, receive)
        gradients = [_values(p.grad) for p in held]
        torch.stack(torch._foreach_norm([*gradients, *map(local, fresh)]), out=room)
        if scale is not None:
            room[: len(held)].div_(scale)

    def _receive(self, names: list[int], fresh: list[Tensor], optimizer: int, step: int, arrived: Tensor) -> None:
        values = arrived.tolist()
        self._sizes.update(zip(map(id, fresh), values[len(names) :], strict=True))
        for name, gradient in zip(names, values, strict=False):
            self.norms.setdefault((name, optimizer), []).append(Norms(step, gradient, self._sizes[name]))

    def owners(self) -> Iterable[tuple[Tensor, Owner]]:
        """All parameters that still live."""
        for owner in list(self._owners.values()):
            parameter = owner.parameter()
            if parameter is not None:
                yield parameter, owner

    def note_received(self) -> None:
        """Note the parameters of all networks that have a gradient now; most have one at the first step."""
        if not self.received.issuperset(self._owners):
            waiting = (parameter for parameter, _ in self.owners() if id(parameter) not in self.received)
            self.received.update(id(parameter) for parameter in waiting if parameter.grad is not None)

    def note_held(self, stepper: Stepper, parameters: list[Tensor]) -> None:
        """Note what an optimiser holds at its first step: nobody may keep it beyond its loop."""
        if stepper.steps <= 1:
            for parameter in parameters:
                self._holders.setdefault(id(parameter), (weakref.ref(parameter), set()))[1].add(stepper.number)

    def _holding(self, parameter: Tensor) -> tuple[int, ...]:
        reference, numbers = self._holders.get(id(parameter), (None, set()))
        noted = numbers if reference is not None and reference() is parameter else set()
        now = {one.number for one in self._stage.steppers if any(held is parameter for held in one.parameters())}
        return tuple(sorted(noted | now))

    def info(self, parameter: Tensor, owner: Owner) -> ParameterInfo:
        """A parameter as evidence."""
        layer = self._stage.layer(owner.module)
        return ParameterInfo(
            name=f"{layer.path}.{owner.name}" if layer.path else owner.name,
            layer=layer,
            shape=tuple(parameter.shape),
            dtype=str(parameter.dtype).removeprefix("torch."),
            device=str(parameter.device),
            trainable=parameter.requires_grad,
            optimizers=self._holding(parameter),
            received=id(parameter) in self.received,
            sparse=layer.op == "embedding",
            sharded=hasattr(parameter, "to_local"),
        )


def _on(device: torch.device, tensors: list[Tensor], devices: dict[torch.device, None]) -> list[Tensor]:
    return tensors if len(devices) == 1 else [tensor for tensor in tensors if tensor.device == device]


def _values(gradient: Tensor | None) -> Tensor:
    if type(gradient) is Tensor and gradient.layout is torch.strided:  # nearly always
        return gradient
    assert gradient is not None
    gradient = local(gradient)
    return gradient._values() if gradient.is_sparse else gradient


def sample(tensor: Tensor) -> Tensor:
    """At most 1024 elements spread over a dense tensor: 1-D, in memory's order, a view where that can be.

    Gradients are off.
    """
    tensor = local(tensor)
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
