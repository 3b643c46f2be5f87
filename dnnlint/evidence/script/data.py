"""Loaders, and what their batches are used for."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class LoaderArguments(NamedTuple):
    """What a ``DataLoader`` is certainly given; ``False`` where it is not, or may not be."""

    shuffle: bool  # it is true
    sampler: bool  # anything but None
    batch_sampler: bool
    batch_size: bool  # it is a number other than one
    unbatched: bool  # batch_size=None
    drop_last: bool
    stream: bool  # the data set is an IterableDataset, and no data pipe
    in_process: bool  # there are no workers
    persistent_workers: bool
    prefetch_factor: bool


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
    arguments: LoaderArguments | None = None


class Rounds(NamedTuple):
    """A loop that trains on a loader again and again, whose sampler shuffles by a seed and the epoch."""

    place: Place  # the loop
    sampler: Place
    loader: Place
    told: bool  # the sampler is told the epoch in it, or may be


class WorkerRandomness(NamedTuple):
    """Worker processes of a loader that cannot tell themselves apart."""

    place: Place
    loader: Place
    workers: int
    generator: str  # attribute that holds a generator made before the workers were; "" if there is none
    stream: str  # class whose stream every worker reads as a whole; "" if that is not so


class PipelineStep(NamedTuple):
    """One transform that samples pass through."""

    place: Place
    name: str
    kind: str  # random, plain, unit (0 to 1), raw (pixels as they are), convert, normalise or unknown
    mean: tuple[float, ...] | None = None  # one number stands for all channels; None: not known
    std: tuple[float, ...] | None = None


class Feed(NamedTuple):
    """A loader, its data set, and the transforms that its samples pass through."""

    loader: Place
    name: str
    dataset: Place
    pipeline: Place
    steps: tuple[PipelineStep, ...]


class Split(NamedTuple):
    """A loader for evaluation, beside the one that trains on data of the same class."""

    training: Feed | None
    evaluation: Feed
    parted: Place | None  # where both were taken from one data set
    same: Place | None  # the data set for training that has the same pipeline


class InputScale(NamedTuple):
    """Inputs whose scale is known to be wrong for the network that learns from them."""

    place: Place  # the line that should set the scale
    call: Place  # of the network
    kind: str  # "raw": from 0 to 255; "twice": divided by 255 after a transform did; "pretrained": not normalised


class Leak(NamedTuple):
    """Evaluation data that training has seen."""

    place: Place
    kind: str  # fitted, statistic, refitted, mixed, same, part or overlap
    other: Place | None  # the split, or what trains
    name: str


class Alteration(NamedTuple):
    """A data set changes a stored sample in place when it is read."""

    place: Place
    loader: Place
    dataset: str  # the class
