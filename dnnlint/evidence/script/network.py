"""A network as its source builds it: layers, their weights, and the data flow between them."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class Layer(NamedTuple):
    """One building block of a network, as its constructor was called."""

    kind: str  # class name in torch.nn ("Linear", "Conv2d"), or the user's class name
    built: Place
    fan_in: int | None = None  # inputs to one unit: in_features, or in_channels * kernel area / groups
    units: int | None = None  # out_features or out_channels
    path: str = ""  # attribute path inside the network, e.g. "encoder.0"


class Operation(NamedTuple):
    """One step of the data flow inside a network or a training script."""

    kind: str  # see vocabulary: "relu", "softmax", "linear", "conv", "dropout", "batchnorm", ...
    place: Place  # where it is applied; for an element of a Sequential, where the element is built
    layer: Layer | None = None


class Init(NamedTuple):
    """How the weights of one layer were drawn, last call wins."""

    place: Place
    distribution: str  # "normal" | "uniform" | "constant" | "other"
    std: float | None  # standard deviation of one weight; None when not a known number


class WeightInit(NamedTuple):
    """A known initialisation of a layer together with what consumes the layer's output."""

    layer: Layer
    init: Init
    activations: tuple[Operation, ...]  # activations applied directly to the layer's output; gates excluded


class Stray(NamedTuple):
    """Layers kept where ``nn.Module`` cannot see them: in a plain list, tuple or dict attribute."""

    place: Place  # the assignment or append
    attribute: str
    container: str  # "list" | "dict" | "tuple"
    kinds: tuple[str, ...]


class Network(NamedTuple):
    """A network as built: its layers and the straight runs of its forward data flow."""

    name: str
    place: Place
    layers: tuple[Layer, ...]
    chains: tuple[tuple[Operation, ...], ...]  # maximal runs without skip, merge or unknown operation
    stray: tuple[Stray, ...] = ()
