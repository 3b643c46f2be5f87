"""DNN118: one batch served again and again."""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from dnnlint.evidence.trace import BatchStats, Inputs, LoaderInfo
from dnnlint.rule import Findings, Rule, Severity

AGAIN = 3  # passes that begin with the same batch and end after it


class _Repetition(NamedTuple):
    batches: list[BatchStats]
    how: str


class RepeatedBatch(Rule):
    """A loader with more to give serves the same batch again and again.

    ## Why it hurts
    The network trains on a fraction of its data and overfits it, while epochs and losses look normal.
    `next(iter(loader))` inside the loop begins a new pass each time and, without shuffling, gets the first batch for
    ever; an iterable dataset that does not split its stream gives each worker all of it; a dataset that seeds its
    generator inside `__getitem__` makes the same sample each time (documentation of
    `torch.utils.data.IterableDataset`).

    ## How it decides
    In the run: batches that train are compared bit for bit, together with where in which pass over their loader they
    were fetched. Found are three or more passes that each end after the same first batch, where the loader has at
    least two batches; and equal batches within one pass that make up half of those seen, two pairs at least, with two
    samples or more. A batch that was fetched once and used for many steps, training on all data at once, and the same
    batch in the next epoch are what was asked for and left alone. An error; a warning for floating-point inputs that
    are all whole numbers, where small tables repeat by nature.

    ## What it misses
    Repetition further apart than the steps that were watched, and equal batches on different processes.

    ## How to silence
    Write `# dnnlint: ignore[repeated-batch]` behind the loader, with the reason.

    ## Related
    `unshuffled-training-data`
    """

    code = "DNN118"
    level = Severity.ERROR
    message = "{count} of {seen} batches are the same, bit for bit: {how}"
    why = "The network sees a fraction of its data and overfits that, while epochs and losses look normal."
    mend = "Iterate with `for batch in loader`; split iterable datasets by worker, and seed once, not in every sample."

    def runtime(self, inputs: Inputs) -> Findings:
        for loader, fetched in _fetched(inputs):
            for found in _found(loader, fetched):
                table = all(batch.integral and "float" in batch.dtype for batch in found.batches)
                yield self.at(
                    loader.built,
                    severity=Severity.WARNING if table else Severity.ERROR,
                    related=((found.batches[0].called, "the network takes them here"),),
                    evidence={"measured": len(found.batches), "threshold": 1, "unit": "equal batches"},
                    count=len(found.batches),
                    seen=len(fetched),
                    how=found.how,
                )


def _fetched(inputs: Inputs) -> Iterator[tuple[LoaderInfo, list[BatchStats]]]:
    """What training took from each loader, once a batch, at the first line that took it."""
    for loader in inputs.loaders:
        batches = [batch for batch in inputs.batches if batch.loader == loader.number and batch.trains]
        placed = [batch for batch in batches if batch.iteration is not None and batch.position is not None]
        same = [batch for batch in placed if batch.called == placed[0].called]
        yield loader, list({(batch.iteration, batch.position): batch for batch in reversed(same)}.values())[::-1]


def _found(loader: LoaderInfo, batches: list[BatchStats]) -> Iterator[_Repetition]:
    """At most one kind of repetition."""
    size, samples = loader.batch_size or 1, loader.samples
    first = [batch for batch in batches if batch.position == 0]
    only = len(first) == len(batches) >= AGAIN and len({batch.signature for batch in batches}) == 1
    if only and samples is not None and samples >= 2 * size:
        yield _Repetition(batches, "each pass over the loader ends after its first batch")
        return
    pairs = [pair for pair in combinations(batches, 2) if _equal_in_pass(*pair)]
    doubled = {id(batch) for pair in pairs for batch in pair}
    twins = [batch for batch in batches if id(batch) in doubled]
    if size > 1 and len(pairs) > 1 and 2 * len(twins) >= len(batches):
        workers = f", by {loader.workers} workers" if loader.iterable and loader.workers > 1 else ""
        yield _Repetition(twins, f"one pass over the loader serves them more than once{workers}")


def _equal_in_pass(one: BatchStats, other: BatchStats) -> bool:
    return one.iteration == other.iteration and one.signature == other.signature and bool(one.signature)
