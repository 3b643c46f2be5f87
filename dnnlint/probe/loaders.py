"""The DataLoaders of a run: what they serve, in which order, and where they were made."""

import weakref
from typing import Any

from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from torch.utils.data.distributed import DistributedSampler

from dnnlint.evidence.trace import LoaderInfo
from dnnlint.probe.sites import Mark
from dnnlint.probe.stage import Stage


class Loaders:
    """Loaders by number, in the order of first iteration."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._built: dict[int, tuple[weakref.ref[Any], Mark | None]] = {}
        self._numbers: dict[int, int] = {}
        self._passes: dict[int, int] = {}
        self._found: list[tuple[Mark | None, dict[str, Any]]] = []
        self.training: set[int] = set()  # numbers of those whose batches were in a step that an optimiser took

    def built(self, loader: Any, mark: Mark | None) -> None:
        """Note where a loader was made."""
        self._built[id(loader)] = weakref.ref(loader), mark

    def iterated(self, loader: Any) -> tuple[int, int]:
        """The number of a loader that is being iterated, and which pass over it this is."""
        number = self._number(loader)
        self._passes[number] = self._passes.get(number, -1) + 1
        return number, self._passes[number]

    def _number(self, loader: Any) -> int:
        reference, mark = self._built.get(id(loader), (None, None))
        known = self._numbers.get(id(loader))
        if known is not None:
            return known
        number = self._numbers[id(loader)] = len(self._found)
        self._found.append((mark if reference is not None and reference() is loader else None, _about(loader)))
        return number

    def told(self) -> tuple[LoaderInfo, ...]:
        """The loaders as evidence."""
        return tuple(
            LoaderInfo(number, self._stage.site(mark), trains=number in self.training, **about)
            for number, (mark, about) in enumerate(self._found)
        )


def _about(loader: DataLoader[Any]) -> dict[str, Any]:
    iterable = isinstance(loader.dataset, IterableDataset)
    sampler = None if iterable else loader.sampler
    own_batches = type(loader.batch_sampler) not in (BatchSampler, type(None))
    name = type(loader.batch_sampler if own_batches else sampler).__name__ if sampler is not None else ""
    return {
        "dataset": type(loader.dataset).__name__,
        "iterable": iterable,
        "samples": None if iterable else _length(loader.dataset),
        "batch_size": loader.batch_size,
        "sampler": name,
        "shuffles": None if own_batches or sampler is None else _shuffles(sampler),
        "workers": loader.num_workers,
    }


def _shuffles(sampler: object) -> bool | None:
    if isinstance(sampler, RandomSampler | SubsetRandomSampler | WeightedRandomSampler):
        return True
    if isinstance(sampler, DistributedSampler):
        return bool(sampler.shuffle)
    return False if type(sampler) is SequentialSampler else None


def _length(dataset: Any) -> int | None:
    try:
        return len(dataset)
    except (TypeError, NotImplementedError):  # a dataset need not know
        return None
