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
