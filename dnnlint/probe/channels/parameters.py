"""Parameters: who owns them, which optimiser holds them, and whether a gradient reached them."""

from torch import Tensor

from dnnlint.evidence.trace import Parameters
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Stepper


class ParametersChannel(Channel):
    """Looks at the books when an optimiser steps; no work for the device."""

    record = Parameters

    def step_begins(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """Note which parameters of all networks have a gradient now."""
        book = self.stage.book
        book.refresh()
        book.note_received()
        book.note_held(stepper, parameters)

    def step_ends(self, stepper: Stepper, parameters: list[Tensor]) -> None:
        """After a closure the gradients are there as well."""
        if stepper.closure:
            self.step_begins(stepper, parameters, None)

    def told(self) -> Parameters:
        """All parameters of networks that a backward pass went through."""
        book = self.stage.book
        known = {id(parameter) for parameter, _ in book.owners()}
        foreign = tuple(
            (stepper.number, sum(id(parameter) not in known for parameter in stepper.parameters()))
            for stepper in self.stage.steppers
        )
        told = sorted(
            (book.info(parameter, owner) for parameter, owner in book.owners() if self._ran(owner.module)),
            key=lambda info: info.layer.order,
        )
        return Parameters(tuple(told), foreign, complete=self.stage.step > 0)

    def _ran(self, module: object) -> bool:
        return True
