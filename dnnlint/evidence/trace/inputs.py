"""Batches that entered the networks, and where they came from."""

from typing import NamedTuple

from dnnlint.diagnostic import Site
from dnnlint.evidence.trace.parts import Layer, Spread


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
