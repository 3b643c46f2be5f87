"""DNN101: training on samples in the order in which they are stored."""

from collections import Counter
from itertools import pairwise
from math import sqrt

from dnnlint.evidence.script import Loader
from dnnlint.evidence.trace import Inputs, LoaderInfo, Prediction, Predictions
from dnnlint.rule import Findings, Rule, Severity

ENOUGH = 32  # labels
SURE = 5.0  # standard deviations from what chance would give


class UnshuffledTrainingData(Rule):
    """A loader that feeds training serves the samples in stored order, in every epoch the same batches.

    ## Why it hurts
    Stored data is often sorted by class, source or time. Batches of it are no fair sample of the whole, so every
    gradient is biased towards what the batch happens to hold, the network forgets the first part of an epoch while it
    fits the last, and batch normalisation estimates statistics of single classes. Stochastic gradient descent assumes
    shuffled samples (Bottou, *Stochastic Gradient Descent Tricks*, 2012; LeCun et al., *Efficient BackProp*, 1998,
    section 4.2). `torch.utils.data.DataLoader` does not shuffle unless it is told to.

    ## How it decides
    The batches of a `DataLoader` reach a backward pass that an optimiser steps on; `shuffle` is known to be absent or
    false; there is neither a sampler nor a batch sampler, or it is one that keeps the stored order
    (`SequentialSampler`, `DistributedSampler(shuffle=False)`); and the dataset is known not to be an
    `IterableDataset`, or is not known and the order is written out.
    What the loader is called plays no part. Data whose order carries meaning (sequences, time series), data that was
    shuffled before, data sets that draw each sample at random, and a dataset that is known to fit into one batch are
    left alone.
    In the run: the one loader that training takes its batches from does not shuffle, and the labels of its first
    batches, 32 or more, come in runs: neighbours are equal more often than in random order by five standard
    deviations, or all are equal over two batches or more.

    ## What it misses
    Batches that are cut by hand without a `DataLoader`, iterable datasets that do not shuffle their stream, and
    `shuffle` flags whose value is not known from the source. In a run, targets that are no class indices say nothing
    about the order.

    ## How to silence
    Where the stored order is random already or must be kept, write `# dnnlint: ignore[unshuffled-training-data]`
    behind the loader, with the reason.

    ## Related
    `evaluation-in-training-mode`
    """

    code = "DNN101"
    level = Severity.WARNING
    message = "{loader} feeds training and is never shuffled"
    measured = (
        "{loader} serves labels in runs: of {count} neighbours {share:.0%} are equal, {chance:.0%} in random order"
    )
    why = "Batches in stored order are biased and the same in every epoch, which slows training and costs accuracy."
    mend = "Pass `shuffle=True` to this DataLoader, or give it a random sampler."

    def static(self, loader: Loader) -> Findings:
        indexed = loader.iterable is False or (loader.iterable is None and loader.explicit)
        stored_order = loader.shuffle is False and loader.sampler is False and indexed
        if not loader.trains or not stored_order or loader.ordered or _one_batch(loader):
            return
        name = f"`{loader.name}`" if loader.name else "this loader"
        yield self.at(loader.place, loader=name, evidence=_sizes(loader))

    def runtime(self, inputs: Inputs, predictions: Predictions) -> Findings:
        loaders = [loader for loader in inputs.loaders if loader.trains]
        batches = _labels(inputs, predictions)
        labels = [label for batch in batches for label in batch]
        if len(loaders) != 1 or not _stored_order(loaders[0]) or len(labels) < ENOUGH or len(batches) < 2:
            return
        share, chance = _neighbours(labels)
        count = len(labels) - 1
        if chance == 1 or share - chance > SURE * sqrt(chance * (1 - chance) / count):
            yield self.at(
                loaders[0].built,
                evidence={"measured": share, "threshold": chance, "unit": "share of equal neighbours"},
                loader="the training loader",
                count=count,
                share=share,
                chance=chance,
            )


def _one_batch(loader: Loader) -> bool:
    """The gradient of the full batch does not depend on the order."""
    return loader.samples is not None and loader.batch_size is not None and loader.samples <= loader.batch_size


def _sizes(loader: Loader) -> dict[str, int]:
    sizes = {"batch_size": loader.batch_size, "samples": loader.samples}
    return {key: size for key, size in sizes.items() if size is not None}


def _stored_order(loader: LoaderInfo) -> bool:
    several = loader.samples is None or loader.batch_size is None or loader.samples > loader.batch_size
    return loader.shuffles is False and not loader.iterable and several


def _labels(inputs: Inputs, predictions: Predictions) -> list[tuple[int, ...]]:
    """Labels of the batches in the order of training, one for each sample; none for pixels or tokens."""
    sizes = {batch.shape[0] for batch in inputs.batches if batch.trains and batch.shape}
    found: dict[object, list[tuple[int, ...]]] = {}
    for entry in predictions.calls:
        if entry.call.trains and entry.labels and _one_each(entry, sizes):
            found.setdefault(entry.call.called, []).append(entry.labels)
    return max(found.values(), key=len, default=[])


def _one_each(entry: Prediction, sizes: set[int]) -> bool:
    shape = entry.call.target_shape
    return bool(shape) and shape[0] in sizes and len(shape) == shape.count(1) + (shape[0] != 1)


def _neighbours(labels: list[int]) -> tuple[float, float]:
    """Share of neighbours that are equal, and what it would be in random order."""
    total = len(labels)
    equal = sum(first == second for first, second in pairwise(labels)) / (total - 1)
    return equal, sum(n * (n - 1) for n in Counter(labels).values()) / (total * (total - 1))
