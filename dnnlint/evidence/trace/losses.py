"""What the loss functions were given, and what was back-propagated."""

from typing import NamedTuple

from dnnlint.diagnostic import Site
from dnnlint.evidence.trace.parts import Layer, Spread


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
