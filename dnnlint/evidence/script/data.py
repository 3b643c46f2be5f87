"""Loaders, and what their batches are used for."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


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
