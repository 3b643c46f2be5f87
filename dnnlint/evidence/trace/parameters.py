"""Parameters: who holds them, and what they were before the first step."""

from typing import NamedTuple

from dnnlint.diagnostic import Site
from dnnlint.evidence.trace.parts import ParameterInfo, Spread


class Parameters(NamedTuple):
    """Channel: who owns, holds and reaches which parameter; costs no work on the device."""

    parameters: tuple[ParameterInfo, ...]
    foreign: tuple[tuple[int, int], ...]  # (optimiser, how many of its parameters belong to no module that ran)
    complete: bool  # every backward pass and every optimiser's step was seen


class WeightStats(NamedTuple):
    """A parameter as it was before the first step."""

    parameter: ParameterInfo
    spread: Spread
    identical_rows: bool  # every unit has the same weights
    constant: bool  # every element is the same
    followed_by: str  # operation that takes the layer's output: "tanh", "relu", "unknown"
    drawn: Site | None = None  # the user's line that initialised it last; None for the layer's own default


class Weights(NamedTuple):
    """Channel: the initial weights."""

    weights: tuple[WeightStats, ...]
