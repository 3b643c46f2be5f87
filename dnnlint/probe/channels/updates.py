"""Updates: what an optimiser's step did to the weights, from a sample of each."""

import math
from functools import partial

import torch
from torch import Tensor
from torch.optim import Optimizer

from dnnlint.evidence.trace import ParameterUpdates, Updates, UpdateStep
from dnnlint.probe.board import Board, Receiver
from dnnlint.probe.book import sample
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Stepper
from dnnlint.probe.moments import number
from dnnlint.probe.stage import Stage, local

_HALF = (torch.float16, torch.bfloat16)


class _Group:
    """Parameters of one optimiser with one device and precision, and where their samples lie."""

    def __init__(self, parameters: list[Tensor], optimizer: Stepper) -> None:
        self.parameters = parameters
        self.optimizer = optimizer.number
        self.names = list(map(id, parameters))
        self.half = parameters[0].dtype in _HALF
        self._addresses = [local(parameter).data_ptr() for parameter in parameters]
        self._views = [sample(parameter) for parameter in parameters]
        self._device = self._views[0].device
        self.sizes = [len(view) for view in self._views]
        self._size = sum(self.sizes)

    def lies(self) -> bool:
        """Whether its parameters still are at the same places in memory."""
        return self._addresses == [local(parameter).data_ptr() for parameter in self.parameters]

    def post(self, board: Board, receiver: Receiver) -> None:
        """Have the samples copied as they are now: (sum of sizes,)."""
        torch.cat(self._views, out=board.room(self._size, self._device, receiver))

    def gradients(self) -> Tensor | None:
        """Samples of the gradients, in the order of the weights' samples; None if one of them has another layout."""
        pieces = [sample(p.grad) for p in self.parameters if p.grad is not None and not p.grad.is_sparse]
        if [len(piece) for piece in pieces] != self.sizes:
            return None
        return torch.cat([piece.float() for piece in pieces])


class _Moment:
    """One step of one group, while its samples are on their way."""

    def __init__(self, group: _Group, step: int, rates: dict[int, float]) -> None:
        self.group = group
        self.step = step
        self._rates = rates
        self.before: Tensor | None = None
        self.after: Tensor | None = None
        self.gradients: Tensor | None = None
        self.skipped = False

    def told(self) -> list[UpdateStep]:
        """What the step did, in the order of the group's parameters."""
        if self.before is None or self.after is None:
            return []
        sizes = self.group.sizes
        change = (self.after - self.before).split_with_sizes(sizes)
        rates = [self._rates.get(name, math.nan) for name in self.group.names]
        gradients = [None] * len(sizes) if self.gradients is None else self.gradients.split_with_sizes(sizes)
        return [
            UpdateStep(self.step, _ratio(moved, weight), _changed(moved), rate, self.skipped, _lost(moved, gradient))
            for moved, weight, rate, gradient in zip(
                change, self.before.split_with_sizes(sizes), rates, gradients, strict=True
            )
        ]


class UpdatesChannel(Channel):
    """Copies a sample of the weights before a step and another after it."""

    record = Updates

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._groups: dict[int, tuple[list[int], list[_Group]]] = {}  # by optimiser: those of these parameters
        self._now: list[_Moment] = []
        self._skip: Tensor | None = None
        self._moments: list[_Moment] = []

    def step_begins(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """Copy the samples."""
        self.stage.book.measure(stepper, parameters, scale)
        self._now = []
        optimizer = stepper.optimizer()
        if optimizer is None:
            return
        found = getattr(optimizer, "found_inf", None)
        self._skip = found if isinstance(found, Tensor) else None
        held = parameters if stepper.closure else [p for p in parameters if p.grad is not None]
        rates = _rates(optimizer)
        for group in self._grouped(stepper, held):
            moment = _Moment(group, stepper.steps, rates)
            self._now.append(moment)
            group.post(self.stage.board, partial(setattr, moment, "before"))

    def _grouped(self, stepper: Stepper, held: list[Tensor]) -> list[_Group]:
        """Groups of the parameters that are about to change; those of the last step, if nothing was moved since."""
        names = list(map(id, held))
        known, groups = self._groups.get(stepper.number, ([], []))
        if known == names and all(group.lies() for group in groups):
            return groups
        kinds: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
        for p in held:
            if not p.is_meta and p.numel():
                kinds.setdefault((p.device, p.dtype), []).append(p)
        groups = [_Group(alike, stepper) for alike in kinds.values()]
        self._groups[stepper.number] = names, groups
        return groups

    def step_ends(self, stepper: Stepper, parameters: list[Tensor]) -> None:
        """Copy them again."""
        board = self.stage.board
        for moment in self._now:
            moment.group.post(board, partial(setattr, moment, "after"))
            gradients = moment.group.gradients() if moment.group.half else None
            if gradients is not None:
                board.post(gradients, partial(setattr, moment, "gradients"))
            if self._skip is not None:
                board.post(self._skip, partial(_skip, moment))
        self._moments += self._now
        self._now = []

    def told(self) -> Updates:
        """Changes of all parameters that belong to a network that ran, in the order of the layers' first calls."""
        book = self.stage.book
        steps: dict[tuple[int, int], list[UpdateStep]] = {}
        known: dict[int, Tensor] = {}
        for moment in self._moments:
            group = moment.group
            known.update(zip(group.names, group.parameters, strict=True))
            for name, entry in zip(group.names, moment.told(), strict=False):
                steps.setdefault((name, group.optimizer), []).append(entry)
        found = []
        for (name, optimizer), entries in steps.items():
            owner = book.owner(known[name])
            if owner is None:
                continue
            norms = {norm.step: norm.gradient for norm in book.norms.get((name, optimizer), ())}
            gradients = tuple(norms.get(entry.step, math.nan) for entry in entries)
            found.append(ParameterUpdates(book.info(known[name], owner), optimizer, tuple(entries), gradients))
        return Updates(tuple(sorted(found, key=lambda one: one.parameter.layer.order)))


def _rates(optimizer: Optimizer) -> dict[int, float]:
    """The learning rate of each parameter."""
    rates: dict[int, float] = {}
    for group in optimizer.param_groups:
        rates.update(dict.fromkeys(map(id, group["params"]), _rate(group.get("lr"))))
    return rates


def _skip(moment: _Moment, found: Tensor) -> None:
    moment.skipped = bool(number(found.any()))


def _ratio(change: Tensor, weight: Tensor) -> float:
    moved, size = number(change.double().norm()), number(weight.double().norm())
    return moved / size if size else math.inf if moved else 0.0


def _changed(change: Tensor) -> float:
    return number((change != 0).double().mean())


def _lost(change: Tensor, gradient: Tensor | None) -> float | None:
    """Share of the elements with a gradient that stayed what they were."""
    if gradient is None:
        return None
    pushed = gradient != 0
    return number((pushed & (change == 0)).sum()) / max(number(pushed.sum()), 1.0)


def _rate(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
