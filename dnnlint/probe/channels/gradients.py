"""Gradients: norms at the optimiser's step, next to those of the weights."""

from torch import Tensor

from dnnlint.evidence.trace import Gradients, GradientStep, ParameterGradients
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Stepper
from dnnlint.probe.sites import Mark
from dnnlint.probe.stage import Stage


class GradientsChannel(Channel):
    """Reads gradients when an optimiser is about to use them: accumulated, unscaled, reduced over ranks."""

    record = Gradients

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._clipped = False

    def event(self, kind: str, called: Mark | None, stepper: Stepper | None) -> None:
        """Note clipping."""
        self._clipped = self._clipped or kind == "clip"

    def step_begins(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """Have the norms measured."""
        self.stage.book.measure(stepper, parameters, scale)

    def told(self) -> Gradients:
        """Gradients of all parameters that belong to a network that ran, in the order of the layers' first calls."""
        book = self.stage.book
        found = []
        for (name, optimizer), norms in book.norms.items():
            owner = book.owner(book.parameters[name])
            if owner is not None:
                steps = tuple(GradientStep(*entry) for entry in norms)
                found.append(ParameterGradients(book.info(book.parameters[name], owner), optimizer, steps))
        return Gradients(tuple(sorted(found, key=lambda one: one.parameter.layer.order)), self._clipped)
