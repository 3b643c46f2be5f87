"""Outputs of layers and activation functions."""

from typing import NamedTuple

from dnnlint.evidence.trace.parts import Layer, Spread


class ActivationStep(NamedTuple):
    """Statistics of one layer's output at one step, over at most 32 rows of 64 units."""

    step: int
    spread: Spread
    rms: float  # root of the mean square
    zeros: float  # share that is exactly zero
    saturated: float  # share with |tanh| > 0.99, or sigmoid outside (0.01, 0.99); 0 for other operations
    rows: int  # samples and positions
    dead: float | None = None  # share of the sampled units that were zero on every row of this step; rectifiers only


class LayerActivations(NamedTuple):
    """Outputs of one layer or activation function."""

    layer: Layer  # for an activation that is called as a function: the layer that feeds it
    op: str  # operation whose output this is
    steps: tuple[ActivationStep, ...]
    dead: float | None  # share of the sampled units that were zero on every row so far; rectifiers only
    first_dead: float | None  # the same after the first step
    distinct: int  # batches that differ
    rows: int  # samples and positions, all steps together
    units: int  # sampled units
    gate: bool = False  # multiplies another stream: LSTM gates, squeeze and excitation
    last: bool = False  # what the loss is computed from
    fed_by: Layer | None = None  # layer with weights whose output an activation takes


class Activations(NamedTuple):
    """Channel: outputs of layers and activation functions, in the order of first calls."""

    layers: tuple[LayerActivations, ...]
