"""What watching a run tells about the training: one record type a channel.

A record is made by the channel of the same name in the runtime wing, from the first optimiser steps of a run, and
judged by rules. It holds plain numbers: no tensor, device or graph ever reaches a rule. A number that was not
measured is ``None``; one that is not finite is ``nan`` or ``inf``. Steps count from 0: what happened before the
first optimiser step has step 0.
"""

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


class Run(NamedTuple):
    """The run as a whole; costs nothing to record."""

    script: Site  # line 1 of what was run
    steps: int  # optimiser steps that were watched
    forwards: int  # calls of outermost modules
    backwards: int
    optimizers: tuple["OptimizerInfo", ...]
    resumed: bool  # weights were loaded from somewhere (load_state_dict, from_pretrained)
    world_size: int = 1
    seen_ranks: int = 1  # of how many processes the statistics were joined


class OptimizerInfo(NamedTuple):
    """One optimiser that was constructed or stepped."""

    number: int  # in the order of first appearance; other records refer to it
    kind: str  # class name: "SGD", "AdamW"
    built: Site
    steps: int
    rates: tuple[float, ...] = ()  # learning rate per watched step, of the first group
    weight_decay: float = 0.0
    base_rate: float | None = None  # what a schedule scales ("initial_lr" of the first group); None without a schedule


class LossCall(NamedTuple):
    """One call of a loss function of torch."""

    number: int
    kind: str  # class name in torch.nn: "CrossEntropyLoss", "MSELoss"
    called: Site
    step: int
    value: float | None  # mean over what was counted, before any scaling; None for reduction="none" of an empty batch
    reduction: str  # "mean" | "sum" | "none"
    plain: bool  # neither class weights, label smoothing nor a positive weight
    trains: bool  # a backward pass went through it
    input_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    input_dtype: str
    target_dtype: str
    classes: int | None = None  # size of the class axis, where the loss has one
    input_op: str = "unknown"  # operation that made the input: "softmax", "sigmoid", "relu", "linear" ...
    input_layer: Layer | None = None  # module whose output the input is, where it is one
    ignored: int | None = None  # ignore_index, where the loss has one
    made: Site | None = None  # line of the operation named by input_op: its call in the user's code, or, for a module
    # that a container calls, the line that built it


class BackwardPass(NamedTuple):
    """One backward pass from a loss."""

    called: Site
    step: int
    value: float | None  # of the loss, unscaled; None if it is no single number
    scaled: bool  # went through a gradient scaler


class Losses(NamedTuple):
    """Channel: calls of loss functions, and the losses that were back-propagated."""

    calls: tuple[LossCall, ...]
    backwards: tuple[BackwardPass, ...]


class Prediction(NamedTuple):
    """What one loss call was given, sampled over at most 32 rows."""

    call: LossCall
    input: Spread
    target: Spread
    row_sum: tuple[float, float] | None  # least and largest sum of the inputs over the class axis
    row_spread: float | None  # standard deviation over the samples of a batch, mean over outputs
    labels: tuple[int, ...] = ()  # first class indices of the batch in their order, at most 64
    zero_one: bool = False  # every sampled target is exactly 0 or 1


class Predictions(NamedTuple):
    """Channel: inputs (logits, predictions) and targets of the loss calls."""

    calls: tuple[Prediction, ...]


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


class GradientStep(NamedTuple):
    """One parameter's gradient as an optimiser was about to use it: unscaled, accumulated, reduced over ranks."""

    step: int
    norm: float  # 2-norm
    weight_norm: float


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


class LoaderInfo(NamedTuple):
    """A DataLoader that was iterated."""

    number: int
    built: Site
    dataset: str  # class name
    iterable: bool  # an IterableDataset
    samples: int | None
    batch_size: int | None
    sampler: str  # class name of the sampler, "" for none
    shuffles: bool | None  # None where the sampler is not one of torch's
    workers: int
    trains: bool  # its batches were in a step that an optimiser took


class BatchStats(NamedTuple):
    """One batch of inputs as it entered the network, sampled over at most 32 rows of 64 features."""

    step: int
    loader: int | None  # number of the loader whose batch was fetched last
    called: Site  # where the network was called
    trains: bool  # a backward pass came from it
    shape: tuple[int, ...]
    dtype: str
    spread: Spread
    integral: bool  # every sampled value is a whole number
    signature: tuple[float, ...]  # equal for bitwise equal batches; practically never otherwise
    constant: tuple[bool, ...]  # per sampled feature: no spread within the batch
    first: Layer | None  # first layer with weights or normalisation that the batch meets
    feature_low: tuple[float, ...] = ()
    feature_high: tuple[float, ...] = ()
    finite: bool = True  # no NaN or infinity in the whole batch, not only in the sample
    taken: Spread | None = None  # what `first` took of it: differs where the network itself rescales its input
    iteration: int | None = None  # which pass over the loader it came from (calls of iter(loader)), from 0
    position: int | None = None  # which batch of that pass, from 0


class Inputs(NamedTuple):
    """Channel: batches that entered the network, and the loaders that they came from."""

    batches: tuple[BatchStats, ...]
    loaders: tuple[LoaderInfo, ...]


class Event(NamedTuple):
    """One call that matters for the order of a training step."""

    kind: str  # "zero_grad" | "backward" | "clip" | "unscale" | "step" | "scheduler" | "train" | "eval"
    called: Site
    step: int
    optimizer: int | None = None  # number; None where the call is about all or about a module


class Cycle(NamedTuple):
    """What came between two steps of one optimiser, up to and including the later one."""

    optimizer: int
    step: int  # how many steps this optimiser took before
    stepped: Site
    backwards: int  # backward passes that wrote into its parameters' gradients
    stale: (
        bool  # the gradients of the step before were still there, untouched, when the next backward pass added to them
    )
    wiped: Site | None  # where gradients were cleared after the last backward pass and before the step
    empty: bool  # no parameter had a gradient other than None at the step
    overflow: bool = False  # the scaler found infinities and skipped it
    backward: Site | None = None  # the first of the backward passes that wrote into its gradients


class Events(NamedTuple):
    """Channel: order of the calls that make a training step, and what they did to the gradients."""

    events: tuple[Event, ...]
    cycles: tuple[Cycle, ...]


class ForwardPass(NamedTuple):
    """One call of an outermost module."""

    network: str
    built: Site
    called: Site
    step: int
    training: bool  # mode of the outermost module
    grad: bool  # gradients were recorded
    backward: bool  # a backward pass came from it
    optimized: bool  # an optimiser that stepped holds some of its parameters
    dependent: tuple[Layer, ...]  # layers that behave differently in the two modes and are active in the wrong one:
    # in training mode for a pass without gradients, in evaluation mode for a pass that trained
    frozen: tuple[bool, ...]  # for each of these: none of its parameters, if it has any, is trainable
    was_eval: Site | None  # the last call of eval() that put it into evaluation mode


class Passes(NamedTuple):
    """Channel: modes and grad modes of the calls of whole networks."""

    passes: tuple[ForwardPass, ...]


class Mismatch(NamedTuple):
    """A call that failed because tensors lay on different devices."""

    called: Site
    devices: tuple[str, ...]
    network: str
    message: str


class Devices(NamedTuple):
    """Channel: where parameters and inputs lie, and in which precision."""

    mismatches: tuple[Mismatch, ...]
    parameters: tuple[str, ...]  # devices of the trained network
    inputs: tuple[str, ...]
    dtypes: tuple[str, ...]  # of trained parameters
    autocast: str  # dtype of autocast during the forward pass, "" for none


CHANNELS = (
    Run,
    Losses,
    Predictions,
    Activations,
    Parameters,
    Weights,
    Gradients,
    Updates,
    Inputs,
    Events,
    Passes,
    Devices,
)
