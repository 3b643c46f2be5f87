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
    value: float | None = None  # of a constant, where it is a known number


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


class MissingInit(NamedTuple):
    """A network whose constructor does not run that of ``nn.Module``, or runs it too late."""

    place: Place  # the constructor; where it is too late, the call of ``super().__init__()``
    network: str
    late: bool
    early: Place | None = None  # what was assigned before


class FreshLayer(NamedTuple):
    """A layer with parameters that is built anew each time data flows through the network."""

    place: Place
    kind: str
    network: str


class FreshDropout(NamedTuple):
    """Dropout in a forward pass that does not know of the mode of the network."""

    place: Place
    how: str  # "function": called without its argument `training`; "built": a layer built on the spot
    name: str


class IdleFreeze(NamedTuple):
    """An attempt to freeze parameters (or to set them free) that has no effect."""

    place: Place
    how: str  # "misspelt" | "module" | "parameters" | "copy" | "method" | "compared"
    target: str  # what it was done to, as written
    attribute: str
    sure: bool  # the target is known to be a network or a parameter, not just called so


class LooseParameter(NamedTuple):
    """A tensor that a network is to learn, but that ``nn.Module`` does not know as its parameter."""

    place: Place  # the assignment
    attribute: str
    network: str
    how: str  # "leaf": requires_grad=True; "derived": computed from a parameter; "container"; "random": never learns


class UnusedLayer(NamedTuple):
    """A layer with parameters that nothing uses after it was built."""

    place: Place  # the assignment
    attribute: str
    network: str
    kind: str


class AffinePair(NamedTuple):
    """Two affine layers in a row, with nothing nonlinear between them, that one layer could replace."""

    network: str
    first: Operation
    second: Operation


class EqualUnits(NamedTuple):
    """A hidden layer whose weights all start at one number."""

    layer: Layer
    init: Init
    activations: tuple[str, ...]  # between it and the next layer, in order
    next_equal: bool  # the next layer is set to one number, too
    no_bias: bool  # its biases are zero, or it has none
    layers: int = 1  # how many layers of the network the same call sets to one number


class InitAfterLoad(NamedTuple):
    """Weights drawn anew after trained ones were loaded into the same layers."""

    place: Place  # the call that draws them, in the scope that loads
    load: Place
    network: str
    layers: int | None  # how many of the loaded layers are lost; None where the layers are not known


class MaskedOut(NamedTuple):
    """Units dropped by a hand-written random mask, and what is left not scaled up."""

    place: Place  # the product
    mask: Place | None
