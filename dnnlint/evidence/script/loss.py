"""Losses, with what is handed to them."""

from typing import NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.evidence.script.network import Operation


class Extent(NamedTuple):
    """The shape of a tensor as far as it is known; an axis of unknown length is None."""

    axes: tuple[int | None, ...] = ()
    open: bool = True  # further axes, nobody knows how many, may stand before these

    @property
    def rank(self) -> int | None:
        """Number of axes, if it is known."""
        return None if self.open else len(self.axes)


class Target(NamedTuple):
    """What is known of the target of a loss."""

    place: Place | None = None  # where it is made, if an operation makes it
    dtype: str | None = None  # "int" | "float" | "bool"; None: not known
    form: str | None = None  # "indices" of classes | "one_hot" rows; None: not known
    source: str = ""  # what makes it classes: "CIFAR10", "randint", "argmax", "one_hot" ...
    extent: Extent = Extent()
    reach: tuple[float, float] | None = None  # values it is known to go down and up to
    live: bool = False  # it is what a network puts out, not detached
    padded: Place | None = None  # where sequences of it are padded to one length
    column: bool = False  # its last step gives it one more axis, of length one
    masked: bool = False  # elements are picked out of it, or packed, before the loss
    last: tuple[Operation, ...] = ()  # every operation that can come last in it, as far as they are known


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
    extent: Extent = Extent()  # shape of the prediction
    target: Target = Target()
    reduction: str | None = "mean"  # None: not known
    ignores: bool | None = False  # an index is left out (ignore_index), or classes are weighted; None: not known
    given: str = ""  # what stands first if it is no network's output: "labels", "data" ...; "" if it is or may be
    padding: Place | None = None  # an embedding of the network that knows the padding of these very classes
    numbers: bool = False  # what stands first is known to be data, not merely called so
    spread: bool = False  # between prediction and target a column of numbers meets a row of them


class Cut(NamedTuple):
    """One operation through which no gradient passes."""

    place: Place
    how: str  # name of the function, method or operator: "item", "detach", "argmax", "round", ">" ...


class CutGradient(NamedTuple):
    """A backward pass that reaches no parameter, since every path to a network is cut."""

    backward: Place
    cuts: tuple[Cut, ...]
    revived: Place | None = None  # where a new leaf was made of what had been cut, so that backward() does not fail


class Softmax(NamedTuple):
    """Softmax or log-softmax, applied or built."""

    place: Place
    kind: str  # "softmax" | "log_softmax" | "softmin"
    written: bool  # a dimension is given
    dim: int | None  # None: not given, or not known
    extent: Extent = Extent()  # of what it is applied to
    feeder: Operation | None = None  # the operation right before it, if no change of shape stands between
    batch: bool = False  # the network that ends in it is fed with batches, and nothing has moved their axis
    taken: Place | None = None  # the loss that is taken of it


class StraySoftmax(NamedTuple):
    """A softmax along an axis that its shares cannot be meant for, inside a network."""

    place: Place
    kind: str  # "softmax" | "log_softmax" | "softmin"
    how: str  # "batch": samples of a batch; "beside": not the classes; "summed": shares are summed over another axis
    used: Place | None = None  # where the shares are summed


class Unstable(NamedTuple):
    """A formula that overflows, or takes the logarithm of zero, where a stable one exists."""

    place: Place
    formula: str  # "log(softmax(x))", "log(sigmoid(x))", "exp(x) / sum(exp(x))" ...
    stable: str  # what to write instead
    inner: Place | None = None  # the inner operation, if it stands elsewhere
