"""What reached the parameters, and what the steps did to them."""

from typing import NamedTuple

from dnnlint.evidence.trace.parts import ParameterInfo


class GradientStep(NamedTuple):
    """One parameter's gradient as an optimiser was about to use it: unscaled, accumulated, reduced over ranks."""

    step: int
    norm: float  # 2-norm
    weight_norm: float  # of the weight before the first watched step that changed it


class ParameterGradients(NamedTuple):
    """Gradients of one parameter over the watched steps; a step without a gradient has no entry."""

    parameter: ParameterInfo
    optimizer: int
    steps: tuple[GradientStep, ...]


class Gradients(NamedTuple):
    """Channel: gradients at the optimiser's step, in the order of the layers' first calls."""

    parameters: tuple[ParameterGradients, ...]
    clipped: bool  # clip_grad_norm_ or clip_grad_value_ was called before the steps


class UpdateStep(NamedTuple):
    """What one step did to one parameter, from a sample of at most 1024 elements."""

    step: int
    ratio: float  # norm of the change over norm of the weights before it; inf where these were zero
    changed: float  # share of elements that are not bitwise the same
    rate: float  # learning rate of its group
    skipped: bool  # the scaler skipped the step because of an overflow
    lost: float | None = None  # share of the elements with a gradient that are bitwise the same


class ParameterUpdates(NamedTuple):
    """Changes of one parameter over the watched steps."""

    parameter: ParameterInfo
    optimizer: int
    steps: tuple[UpdateStep, ...]
    gradient_norms: tuple[float, ...]  # at the same steps


class Updates(NamedTuple):
    """Channel: what the optimiser's steps did to the weights."""

    parameters: tuple[ParameterUpdates, ...]
