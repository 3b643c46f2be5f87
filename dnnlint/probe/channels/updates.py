"""Updates: what an optimiser's step did to the weights, from a sample of each."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from dnnlint.evidence.trace import ParameterUpdates, Updates, UpdateStep
from dnnlint.probe.book import sample
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Stepper
from dnnlint.probe.stage import Stage, local

_FIGURES = 4  # numbers of one tensor: norms of change, weights and gradient, count of elements that changed


class UpdatesChannel(Channel):
    """Copies a sample of the weights before a step and compares it after the step."""

    record = Updates

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._before: tuple[Stepper, list[tuple[list[Tensor], Tensor]]] | None = None
        self._rates: dict[int, float] = {}
        self._skip: Tensor | None = None
        self._told: dict[tuple[int, int], list[tuple[UpdateStep, float]]] = {}
        self._parameters: dict[int, Tensor] = {}

    def step_begins(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """Copy the samples."""
        self.stage.book.refresh()
        optimizer = stepper.optimizer()
        if optimizer is None:
            return
        self._rates = {
            id(parameter): float(group.get("lr", math.nan)) if isinstance(group.get("lr"), int | float) else math.nan
            for group in optimizer.param_groups
            for parameter in group["params"]
        }
        found = getattr(optimizer, "found_inf", None)
        self._skip = found if isinstance(found, Tensor) else None
        held = [p for p in parameters if (p.grad is not None or stepper.closure) and not p.is_meta and p.numel()]
        kinds = dict.fromkeys((parameter.device, parameter.dtype) for parameter in held)
        groups = [[p for p in held if (p.device, p.dtype) == kind] for kind in kinds]
        self._before = stepper, [(group, torch.cat([sample(parameter) for parameter in group])) for group in groups]

    def step_ends(self, stepper: Stepper, parameters: list[Tensor]) -> None:
        """Post norms of the change, of the weights before it and of the gradient, per parameter."""
        if self._before is None or self._before[0] is not stepper:
            return
        step = stepper.steps - 1
        for group, before in self._before[1]:
            pieces = [sample(parameter) for parameter in group]
            sizes = [len(piece) for piece in pieces]
            after = torch.cat(pieces)
            if after.shape != before.shape:  # the optimiser replaced its parameters
                continue
            change = after.float() - before.float()
            norms = torch._foreach_norm([*change.split(sizes), *before.float().split(sizes)])
            moved = torch.stack([piece.sum() for piece in (after != before).float().split(sizes)])
            gradients = [local(p.grad).detach() for p in group if p.grad is not None]
            known = len(gradients) == len(group) and not any(gradient.is_sparse for gradient in gradients)
            sums = torch._foreach_norm(gradients) if known else [change.new_full((), math.nan)] * len(group)
            skip = change.new_zeros(1) if self._skip is None else self._skip.float().reshape(1)
            posted = torch.cat((torch.stack([n.float() for n in (*norms, *sums)]), moved, skip.to(change.device)))
            names = list(map(id, group))
            self._parameters.update(zip(names, group, strict=True))
            rates = [self._rates.get(name, math.nan) for name in names]
            self.stage.board.post(
                posted, lambda values, who=(names, sizes, rates): self._receive(values, *who, stepper.number, step)
            )  # fmt: skip
        self._before = None

    def _receive(
        self, values: Sequence[float], names: list[int], sizes: list[int], rates: list[float], optimizer: int, step: int
    ) -> None:
        count = len(names)
        skipped = values[-1] > 0
        for place, name in enumerate(names):
            change, weight, gradient, moved = (values[row * count + place] for row in range(_FIGURES))
            ratio = change / weight if weight else math.inf if change else 0.0
            entry = UpdateStep(step, ratio, moved / sizes[place], rates[place], skipped)
            self._told.setdefault((name, optimizer), []).append((entry, gradient))

    def told(self) -> Updates:
        """Changes of all parameters that belong to a network that ran, in the order of the layers' first calls."""
        book = self.stage.book
        found = []
        for (name, optimizer), entries in self._told.items():
            owner = book.owner(self._parameters[name])
            if owner is None:
                continue
            info = book.info(self._parameters[name], owner)
            steps = tuple(entry for entry, _ in entries)
            found.append(ParameterUpdates(info, optimizer, steps, tuple(norm for _, norm in entries)))
        return Updates(tuple(sorted(found, key=lambda one: one.parameter.layer.order)))
