"""DNN101: training on samples in the order in which they are stored."""

from dnnlint.evidence.script import Loader
from dnnlint.rule import Findings, Rule, Severity


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
    false; there is neither a sampler nor a batch sampler; and the dataset is known not to be an `IterableDataset`, or
    is not known and `shuffle` is written out as false.
    What the loader is called plays no part. Data whose order carries meaning (sequences, time series), data that was
    shuffled before, and a dataset that is known to fit into one batch are left alone.

    ## What it misses
    Batches that are cut by hand without a `DataLoader`, iterable datasets that do not shuffle their stream, and
    `shuffle` flags whose value is not known from the source.

    ## How to silence
    Where the stored order is random already or must be kept, write `# dnnlint: ignore[unshuffled-training-data]`
    behind the loader, with the reason.

    ## Related
    `evaluation-in-training-mode`
    """

    code = "DNN101"
    level = Severity.WARNING
    message = "{loader} feeds training and is never shuffled"
    why = "Batches in stored order are biased and the same in every epoch, which slows training and costs accuracy."
    mend = "Pass `shuffle=True` to this DataLoader, or give it a random sampler."

    def static(self, loader: Loader) -> Findings:
        indexed = loader.iterable is False or (loader.iterable is None and loader.explicit)
        stored_order = loader.shuffle is False and loader.sampler is False and indexed
        if not loader.trains or not stored_order or loader.ordered or _one_batch(loader):
            return
        name = f"`{loader.name}`" if loader.name else "this loader"
        yield self.at(loader.place, loader=name, evidence=_sizes(loader))


def _one_batch(loader: Loader) -> bool:
    """The gradient of the full batch does not depend on the order."""
    return loader.samples is not None and loader.batch_size is not None and loader.samples <= loader.batch_size


def _sizes(loader: Loader) -> dict[str, int]:
    sizes = {"batch_size": loader.batch_size, "samples": loader.samples}
    return {key: size for key, size in sizes.items() if size is not None}
