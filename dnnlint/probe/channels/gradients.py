"""Gradients: norms at the optimiser's step, and how much they resemble those of the step before."""

import math
from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor

from dnnlint.evidence.trace import Gradients, GradientStep, ParameterGradients
from dnnlint.probe.book import joined, sample
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Stepper
from dnnlint.probe.sites import Mark
from dnnlint.probe.stage import Stage, local

_COMPARED = 64  # tensors whose gradients are compared with those of the step before


class GradientsChannel(Channel):
    """Reads gradients when an optimiser is about to use them: accumulated, unscaled, reduced over ranks."""

    record = Gradients

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._told: dict[tuple[int, int], list[GradientStep]] = {}  # by parameter and optimiser
        self._parameters: dict[int, Tensor] = {}
        self._before: dict[int, tuple[list[int], Tensor]] = {}  # by optimiser: whose gradients, and a sample of them
        self._clipped = False

    def event(self, kind: str, called: Mark | None, stepper: Stepper | None) -> None:
        """Note clipping."""
        self._clipped = self._clipped or kind == "clip"

    def step_begins(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """Post norms of gradients and weights, and the products that make the cosines."""
        stage = self.stage
        stage.book.refresh()
        if stepper.closure:  # the gradients are made within the step
            return
        held = [parameter for parameter in parameters if parameter.grad is not None and not parameter.is_meta]
        if not held:
            return
        stage.book.received.update(map(id, held))
        for device in dict.fromkeys(parameter.device for parameter in held):
            self._post(stepper, [parameter for parameter in held if parameter.device == device], scale)

    def _post(self, stepper: Stepper, held: list[Tensor], scale: Tensor | None) -> None:
        gradients = [_values(parameter.grad) for parameter in held]
        weights = [local(parameter).detach() for parameter in held]
        norms = torch.stack([norm.float() for norm in torch._foreach_norm([*gradients, *weights])])
        names = list(map(id, held))
        self._parameters.update(zip(names, held, strict=True))
        compared = [number for number, gradient in enumerate(gradients) if gradient.dim() > 1][:_COMPARED]
        products, whose = self._products(stepper, [names[n] for n in compared], [gradients[n] for n in compared])
        posted = torch.cat((norms, products, norms.new_ones(1) if scale is None else scale.float().reshape(1)))
        step = stepper.steps
        self.stage.board.post(posted, lambda values: self._receive(values, names, whose, stepper.number, step))

    def _products(self, stepper: Stepper, names: list[int], gradients: list[Tensor]) -> tuple[Tensor, list[int]]:
        """Dot products per tensor: with itself, and with the gradient of the step before: shape (2 * tensors,)."""
        if not gradients:
            return torch.empty(0, device=gradients[0].device) if gradients else torch.zeros(0), []
        pieces = [sample(gradient) for gradient in gradients]
        fresh = joined(pieces)
        before = self._before.get(stepper.number)
        self._before[stepper.number] = names, fresh
        if before is None or before[0] != names or before[1].shape != fresh.shape or before[1].device != fresh.device:
            return fresh.new_zeros(0), []
        ends = [0, *accumulate(len(piece) for piece in pieces)]
        sums = torch.stack((fresh * before[1], fresh * fresh, before[1] * before[1])).cumsum(1, dtype=torch.float64)
        sums = torch.nn.functional.pad(sums, (1, 0))
        return sums[:, ends].diff(dim=1).float().flatten(), names

    def _receive(
        self, values: Sequence[float], names: list[int], whose: list[int], optimizer: int, step: int
    ) -> None:
        count = len(names)
        scale = values[-1] or 1.0
        products = values[2 * count : -1]
        cosines = {
            name: _cosine(*(products[row * len(whose) + place] for row in range(3))) for place, name in enumerate(whose)
        }
        for place, name in enumerate(names):
            entry = GradientStep(step, values[place] / scale, values[count + place], cosines.get(name))
            self._told.setdefault((name, optimizer), []).append(entry)

    def told(self) -> Gradients:
        """Gradients of all parameters that belong to a network that ran, in the order of the layers' first calls."""
        book = self.stage.book
        found = []
        for (name, optimizer), steps in self._told.items():
            owner = book.owner(self._parameters[name])
            if owner is not None:
                info = book.info(self._parameters[name], owner)
                found.append(ParameterGradients(info, optimizer, tuple(steps)))
        return Gradients(tuple(sorted(found, key=lambda one: one.parameter.layer.order)), self._clipped)


def _values(gradient: Tensor | None) -> Tensor:
    assert gradient is not None
    gradient = local(gradient).detach()
    return gradient._values() if gradient.is_sparse else gradient


def _cosine(product: float, own: float, before: float) -> float | None:
    size = math.sqrt(own * before) if own > 0 and before > 0 else 0.0
    return product / size if size and math.isfinite(size) else None
