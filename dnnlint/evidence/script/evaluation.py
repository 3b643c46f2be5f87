"""Statements without effect, calls past the front door, and how results are measured."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class DroppedResult(NamedTuple):
    """A new tensor that an operation returned, and nobody kept."""

    place: Place  # the statement
    call: str  # as written: "images.to", "F.relu"
    moves: bool  # it was to lie on another device, or to have another type
    certain: bool  # False: names take part in knowing that it is a tensor


class UncalledMethod(NamedTuple):
    """A method that is named where its call was meant."""

    place: Place
    name: str  # as written: "model.eval"
    tested: bool  # it stands as a condition, which is then always true
    certain: bool  # False: names take part in knowing what the receiver is


class DirectForward(NamedTuple):
    """``forward`` of a network called by name, past the hooks that calling the network runs."""

    place: Place
    network: str
    own: bool  # a method of the network calls its own forward
    certain: bool  # False: only its name says that it is a network


class DropoutRate(NamedTuple):
    """The rate that a dropout is given, where something about it is odd."""

    place: Place
    layer: str  # class or function: "Dropout2d", "LSTM", "dropout"
    rate: float | None  # share of units that are silenced; None: not known
    keep: str  # the name that the rate goes by, if it speaks of keeping; "" if not


class LeftLoop(NamedTuple):
    """A loop that is always left in its first iteration."""

    place: Place  # the statement that leaves it
    loop: Place
    how: str  # "return" | "break"
    over_data: bool  # it goes over batches; False: over epochs or anything else


class PartialEvaluation(NamedTuple):
    """An evaluation that adds up a score, and is left before the data is through."""

    place: Place  # the statement that leaves it
    loop: Place
    how: str  # "return" | "break"
    batches: int | None  # after how many batches; None: in the first iteration, as the code stands
    evidence: tuple[str, ...]  # why it is taken for evaluation


class NormalizedBatch(NamedTuple):
    """A network with batch normalisation that learns from batches of known, very small size."""

    place: Place  # the loader
    loader: str
    network: str
    normalization: Place  # a layer that normalises, or the network where its layers are not seen
    batch_size: int
    remainder: int | None  # size of the last batch of an epoch, where it is smaller; None: not known, or dropped
    flat: bool  # some normalisation sees one value a sample and channel, so a batch of one is refused
    certain: bool  # False: only the network's name says that it normalises


class WrongCount(NamedTuple):
    """A sum over batches that is divided by the count of something else."""

    place: Place  # the division
    summed: str  # "mean": means of batches, "count": samples that agree, "sum": means weighted by batch size
    by: str  # "batches" | "samples"
    added: Place  # where the sum grows
    loop: Place


class MeanOfMeans(NamedTuple):
    """Means of batches of held-out data whose mean is taken, a smaller last batch as heavy as any."""

    place: Place  # where a batch is added
    mean: Place  # where the mean is taken
    loader: str
    built: Place
    batch_size: int
    remainder: int  # the size of the last batch


class WrongAxis(NamedTuple):
    """Classes chosen over an axis that is not that of the classes, and compared with labels."""

    place: Place
    name: str  # "argmax" | "max"
    axis: int | None  # 0: over the batch; None: over everything


class HeldOutSelection(NamedTuple):
    """A score on test data that decides what is best, although there is validation data."""

    place: Place
    data: tuple[str, ...]  # names of the data behind the score
    best: str  # what it is compared with


class DeviceMix(NamedTuple):
    """A network or a loss meets data that lies elsewhere."""

    place: Place  # the call
    network: str  # "" where a loss meets its target
    network_moved: bool  # the network (or the prediction) was moved, the data stayed; False: the reverse
    always: bool  # False: it was moved on some paths only
    built: Place | None
    within: bool = False  # the forward pass of the network makes the tensor itself


class CarriedState(NamedTuple):
    """A state that a network gave in one training step and takes in the next, graph and all."""

    place: Place  # the call that takes it
    network: str
    backward: Place
    loop: Place
