"""What reading a script tells about the training it describes.

Facts are made by the static wing and judged by rules. A fact states what is *known*; whatever could
not be established is ``None`` (or a member of the set called UNKNOWN), and a rule stays silent on it.
"""

import enum
from typing import NamedTuple

from dnnlint.diagnostic import Place


class Gradients(enum.StrEnum):
    """State of the ``.grad`` buffers that one optimiser reads, along one path through the code."""

    CLEAR = "clear"  # zeroed (or never written) and not written since
    READY = "ready"  # written by a backward pass, not stepped yet
    STALE = "stale"  # already stepped on, and never cleared since
    WIPED = "wiped"  # written, then cleared before any step used them
    UNKNOWN = "unknown"  # code that was not understood may have touched them


class Mode(enum.StrEnum):
    """Mode of a network along one path through the code."""

    TRAIN = "train"
    EVAL = "eval"
    UNKNOWN = "unknown"


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


class LossCall(NamedTuple):
    """A loss applied to a prediction and a target."""

    kind: str  # class name in torch.nn: "CrossEntropyLoss", "MSELoss", "BCEWithLogitsLoss", ...
    place: Place
    built: Place | None  # where the loss object is made, if it is an object
    last: tuple[Operation, ...]  # every operation that can come last before the loss, views skipped
    known: bool  # True if `last` is complete: no unknown value can reach the loss
    before: tuple[Operation, ...] = ()  # weight layer (or other op) feeding each of `last`, same order
    bounded_target: bool = False  # the target visibly lies in [0, inf) or [0, 1] (clamp, /255, relu, counts ...)
    embedding: bool = False  # prediction and target both come from networks (features, distillation ...)


class Loader(NamedTuple):
    """A ``torch.utils.data.DataLoader``, and what its batches are used for."""

    place: Place
    name: str  # the variable it is bound to, "" if none
    trains: bool  # its batches reach a backward pass that an optimiser steps on
    evaluates: bool
    shuffle: bool | None  # None: not known
    sampler: bool | None  # True if a sampler or batch_sampler is given; None: not known
    iterable: bool | None  # dataset is an IterableDataset; None: cannot be told
    ordered: bool = False  # order carries meaning (time series, sequences), or was shuffled before
    batch_size: int | None = None
    samples: int | None = None  # length of the dataset, where it is a known number
    explicit: bool = False  # shuffle is written out, so somebody thought about it


class Forward(NamedTuple):
    """A network called on data, and the mode it was in."""

    network: str
    place: Place
    modes: frozenset[Mode]
    mode_set: Place | None  # the call that last set the mode, if it is one place
    mode_dependent: bool | None  # holds dropout or batch normalisation; None: cannot be told
    optimized: bool | None  # its parameters belong to the optimiser that steps; None: cannot be told
    left: Place | None = None  # an eval() of an earlier iteration that can still be in force here


class TrainingStep(NamedTuple):
    """One backward pass that an optimiser steps on, seen in the steady state of its loop."""

    backward: Place
    step: Place | None
    loop: Place | None  # innermost loop that repeats the step
    optimizer: str  # class name, or the variable's name when the class is unknown
    gradients: frozenset[Gradients]  # what the optimiser's gradients can be just before `backward`
    forwards: tuple[Forward, ...]  # the network calls that the loss depends on


class WipedStep(NamedTuple):
    """An optimiser step on gradients that were cleared after they had been computed."""

    backward: Place
    clear: Place
    step: Place
    optimizer: str


class EvaluationPass(NamedTuple):
    """A network run over held-out data without learning from it."""

    forward: Forward
    loop: Place | None
    evidence: tuple[str, ...]  # why it is taken for evaluation: "no_grad", "name evaluate", "loader test_loader"
    grad_enabled: bool | None


class Accumulation(NamedTuple):
    """A tensor that still holds its graph, kept beyond the iteration that made it."""

    place: Place
    how: str  # "+=", "append", "store"
    target: str  # the accumulator as written
    loop: Place | None
    inner: Place | None = None  # where the helper stores it, when `place` is the call that hands it over


class Axis(NamedTuple):
    """One hyper-parameter of a search and how many values it is tried at."""

    name: str
    values: int | None
    continuous: bool


class Search(NamedTuple):
    """An exhaustive walk over a lattice of hyper-parameters around a training run."""

    place: Place
    api: str  # "nested loops", "itertools.product", "ParameterGrid", "tune.grid_search", ...
    axes: tuple[Axis, ...]
    trains: bool


class Unreadable(NamedTuple):
    """A file, or a part of it, that could not be read."""

    place: Place
    reason: str
    row: int | None = None
    column: int | None = None


class UnusedSuppression(NamedTuple):
    """A comment that silences nothing."""

    place: Place
    row: int
    column: int
    end_column: int
    text: str  # the code or name as written, "" for a blanket comment
    reason: str  # "silences nothing here" | "no such rule"


class Script(NamedTuple):
    """All that was read from one file, judged together with the project files it imports."""

    path: str
    facts: tuple[object, ...]
