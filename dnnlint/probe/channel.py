"""What a channel is: it hears what happens while the script runs and tells plain numbers afterwards."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from dnnlint.probe.happenings import Backward, Batch, Call, Loss, Stepper
from dnnlint.probe.sites import Mark

if TYPE_CHECKING:
    from dnnlint.probe.stage import Stage


class Channel:
    """One measured quantity.

    A happening that a channel does not override costs nothing: nobody calls it. Where tensors are
    handed over, gradients are off. No method may make the host wait for a device, keep a tensor of the script's beyond
    the step, draw random numbers, or change anything it is given.
    """

    record: ClassVar[type]  # the evidence that it makes

    def __init__(self, stage: "Stage") -> None:
        self.stage = stage

    def forward_begins(self, call: Call) -> None:
        """An outermost module is about to run."""

    def sampler(self, module: nn.Module) -> Callable[[Any], None] | None:
        """What to do with each output of a layer inside outermost modules whose calls record gradients or train.

        It is asked for once a layer, so that what depends on the layer alone is not done at each of its calls.
        """
        return None

    def first_layer(self, module: nn.Module, inputs: tuple[object, ...]) -> None:
        """The first layer with weights or normalisation has run in an outermost module."""

    def forward_ends(self, call: Call, output: object) -> None:
        """An outermost module has run."""

    def failure(self, call: Call | None, error: BaseException) -> None:
        """The script is ending in an exception; call: the outermost module that was running, if one was."""

    def loss(self, loss: Loss, given: Tensor, target: Tensor, result: Tensor | None) -> None:
        """A loss function of torch was called; result is None if the call failed."""

    def backward_begins(self, backward: Backward) -> None:
        """A backward pass is about to start; the graph below its roots still holds what the forward pass saved."""

    def backward_ends(self, backward: Backward) -> None:
        """A backward pass is over."""

    def event(self, kind: str, called: Mark | None, stepper: Stepper | None) -> None:
        """A call that matters for the order of a step; kinds as in ``evidence.trace.Event``."""

    def step_begins(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """An optimiser is about to step; scale: what its gradients still have to be divided by."""

    def step_ends(self, stepper: Stepper, parameters: list[Tensor]) -> None:
        """An optimiser has stepped."""

    def batch(self, batch: Batch) -> None:
        """A DataLoader gave a batch."""

    def told(self) -> object:
        """What was measured so far, as evidence."""
        raise NotImplementedError
