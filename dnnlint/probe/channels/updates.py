"""Updates: what an optimiser's step did to the weights, from a sample of each."""

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from dnnlint.evidence.trace import ParameterUpdates, Updates, UpdateStep
from dnnlint.probe.book import sample
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Stepper
from dnnlint.probe.stage import Stage, local

_HALF = (torch.float16, torch.bfloat16)
_FIGURES = 4  # numbers of one tensor: sums of squares of change and weights, counts of changed and of lost elements


class _Group:
    """Parameters of one optimiser with one device and precision, and samples of them before and after a step."""

    def __init__(self, parameters: list[Tensor]) -> None:
        self.parameters = parameters
        self.names = list(map(id, parameters))
        self._addresses = [local(parameter).data_ptr() for parameter in parameters]
        self._views = [sample(parameter) for parameter in parameters]
        self.sizes = [len(view) for view in self._views]
        shape = len(parameters), max(self.sizes)
        like = self._views[0]
        self.before = like.new_zeros(shape)
        self.after = like.new_zeros(shape)
        self._rows_before = [row[:size] for row, size in zip(self.before, self.sizes, strict=True)]
        self._rows_after = [row[:size] for row, size in zip(self.after, self.sizes, strict=True)]

    def fits(self, parameters: list[Tensor]) -> bool:
        """Whether it still stands for these parameters, at the same places in memory."""
        return self.names == list(map(id, parameters)) and all(
            local(parameter).data_ptr() == address
            for parameter, address in zip(parameters, self._addresses, strict=True)
        )

    def copy_before(self) -> None:
        torch._foreach_copy_(self._rows_before, self._views)

    def figures(self) -> Tensor:
        """What the step changed: (_FIGURES * parameters,), float32."""
        torch._foreach_copy_(self._rows_after, self._views)
        same = self.after == self.before
        before = self.before.float()
        change = self.after.float() - before
        lost = self._lost(same) if before.dtype != self.before.dtype else same.new_zeros(len(self.names)).float()
        sums = (change.square().sum(1), before.square().sum(1), same.sum(1).float(), lost)
        return torch.cat(sums)

    def _lost(self, same: Tensor) -> Tensor:
        """Share of the elements with a gradient that are what they were."""
        shares = []
        for row, parameter in zip(same, self.parameters, strict=True):
            gradient = None if parameter.grad is None or parameter.grad.is_sparse else sample(parameter.grad)
            if gradient is None or gradient.shape != (min(len(row), len(gradient)),):
                shares.append(row.new_zeros((), dtype=torch.float32))
                continue
            pushed = gradient != 0
            shares.append((row[: len(gradient)] & pushed).sum() / pushed.sum().clamp(min=1))
        return torch.stack(shares).float()


class UpdatesChannel(Channel):
    """Copies a sample of the weights before a step and compares it after the step."""

    record = Updates

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._groups: dict[tuple[int, torch.device, torch.dtype], _Group] = {}
        self._now: list[_Group] = []
        self._rates: dict[int, float] = {}
        self._skip: Tensor | None = None
        self._told: dict[tuple[int, int], list[UpdateStep]] = {}
        self._parameters: dict[int, Tensor] = {}

    def step_begins(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """Copy the samples."""
        self.stage.book.measure(stepper, parameters, scale)
        self._now = []
        optimizer = stepper.optimizer()
        if optimizer is None:
            return
        self._rates = {id(p): _rate(group.get("lr")) for group in optimizer.param_groups for p in group["params"]}
        found = getattr(optimizer, "found_inf", None)
        self._skip = found if isinstance(found, Tensor) else None
        held = [p for p in parameters if (p.grad is not None or stepper.closure) and not p.is_meta and p.numel()]
        for device, dtype in dict.fromkeys((parameter.device, parameter.dtype) for parameter in held):
            alike = [parameter for parameter in held if (parameter.device, parameter.dtype) == (device, dtype)]
            group = self._groups.get((stepper.number, device, dtype))
            if group is None or not group.fits(alike):
                group = self._groups[stepper.number, device, dtype] = _Group(alike)
            group.copy_before()
            self._now.append(group)

    def step_ends(self, stepper: Stepper, parameters: list[Tensor]) -> None:
        """Post what the step did, per parameter."""
        for group in self._now:
            figures = group.figures()
            if self._skip is not None:
                figures = torch.cat((figures, self._skip.to(figures.device).float().reshape(1)))
            self._parameters.update(zip(group.names, group.parameters, strict=True))
            rates = [self._rates.get(name, math.nan) for name in group.names]
            half = group.before.dtype in _HALF
            self.stage.board.post(
                figures,
                partial(self._receive, group.names, group.sizes, rates, half, stepper.number, stepper.steps - 1),
            )
        self._now = []

    def _receive(
        self,
        names: list[int],
        sizes: list[int],
        rates: list[float],
        half: bool,
        optimizer: int,
        step: int,
        values: Sequence[float],
    ) -> None:
        count = len(names)
        skipped = len(values) > _FIGURES * count and values[-1] > 0
        for place, (name, size, rate) in enumerate(zip(names, sizes, rates, strict=True)):
            change, weight, same, lost = (values[row * count + place] for row in range(_FIGURES))
            padding = max(sizes) - size  # beside a small sample everything stays zero
            ratio = math.sqrt(change / weight) if weight else math.inf if change else 0.0
            changed = 1 - (same - padding) / size
            entry = UpdateStep(step, ratio, changed, rate, skipped, lost if half else None)
            self._told.setdefault((name, optimizer), []).append(entry)

    def told(self) -> Updates:
        """Changes of all parameters that belong to a network that ran, in the order of the layers' first calls."""
        book = self.stage.book
        found = []
        for (name, optimizer), entries in self._told.items():
            owner = book.owner(self._parameters[name])
            if owner is None:
                continue
            info = book.info(self._parameters[name], owner)
            norms = {norm.step: norm.gradient for norm in book.norms.get((name, optimizer), ())}
            gradients = tuple(norms.get(entry.step, math.nan) for entry in entries)
            found.append(ParameterUpdates(info, optimizer, tuple(entries), gradients))
        return Updates(tuple(sorted(found, key=lambda one: one.parameter.layer.order)))


def _rate(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
