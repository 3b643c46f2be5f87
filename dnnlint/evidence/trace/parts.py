"""What several channels speak of: a sample's moments, a layer, a parameter."""

from typing import NamedTuple

from dnnlint.diagnostic import Site


class Spread(NamedTuple):
    """Moments of a sample of one tensor, in the tensor's own units."""

    mean: float
    std: float
    low: float
    high: float

    @property
    def finite(self) -> bool:
        """Whether the whole sample is free of NaN and infinities."""
        return all(-float("inf") < value < float("inf") for value in self)


class Layer(NamedTuple):
    """One module of a network that ran."""

    path: str  # attribute path inside the network, "" for the network itself
    kind: str  # class name: "Linear", "Conv2d", or the user's own
    op: str  # what it does, in the words of the vocabulary ("linear", "relu"); "unknown" for a user's own
    built: Site  # where it was constructed
    network: str  # class name of the outermost module
    order: int  # position in the order of first calls, from 0
    fan_in: int | None = None  # inputs to one unit
    units: int | None = None  # outputs: features or channels


class ParameterInfo(NamedTuple):
    """One parameter of a network that took part in training."""

    name: str  # "encoder.0.weight"
    layer: Layer  # module that owns it
    shape: tuple[int, ...]
    dtype: str
    device: str
    trainable: bool
    optimizers: tuple[int, ...]  # numbers of the optimisers that hold it
    received: bool  # a gradient at some watched step
    sparse: bool = False  # an embedding table: most rows see no gradient in a step
    sharded: bool = False  # spread over several processes
