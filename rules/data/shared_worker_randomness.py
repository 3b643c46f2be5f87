"""DNN111: worker processes that all do the same."""

from dnnlint.evidence.script import WorkerRandomness
from dnnlint.rule import Findings, Rule, Severity


class SharedWorkerRandomness(Rule):
    """Worker processes of a loader share what should differ: a random generator, or the whole stream.

    ## Why it hurts
    Each worker gets a copy of the data set. A generator made in its constructor is copied in the state it has, so all
    workers draw the same numbers, and, since workers start anew, so does every epoch: augmentation repeats itself.
    An `IterableDataset` that does not ask which worker it runs in is read as a whole by each, so every sample comes
    once a worker (documentation of `torch.utils.data`, *Randomness in multi-process data loading* and
    `IterableDataset`; PyTorch issue 5059 for the effect of NumPy's global state before version 1.9).

    ## How it decides
    The number of workers is known to be above 0 and there is no `worker_init_fn`. Either the data set keeps a
    `numpy.random.Generator`, `RandomState`, `random.Random` or `torch.Generator` in an attribute that its
    `__getitem__` or `__iter__` uses and does not seed anew; or it is an `IterableDataset` whose `__iter__` goes over
    what every worker has (a file, a range, a stored list) without a word about workers, ranks, shards or chance.
    NumPy's and Python's global functions are left alone: PyTorch seeds them for each worker since 1.9.

    ## What it misses
    Generators of other libraries, those made at the top of a file, and streams whose source is not known.

    ## How to silence
    Write `# dnnlint: ignore[shared-worker-randomness]` at the line, with the reason.

    ## Related
    `repeated-batch`
    """

    code = "DNN111"
    level = Severity.WARNING
    message = "{what}, and its loader has {workers} workers"
    why = "Workers hold copies of the data set, so they repeat each other's random numbers or samples."
    mend = "{cure}."

    def static(self, shared: WorkerRandomness) -> Findings:
        if shared.generator:
            what = f"the generator `{shared.generator}` is made before the workers of the data set start"
            cure = "Make the generator in the worker (`worker_init_fn`, or from `torch.initial_seed()`)"
        else:
            what = f"every worker reads the whole of `{shared.stream}`"
            cure = "Give each worker its share of the stream with `torch.utils.data.get_worker_info()`"
        related = ((shared.loader, "the loader"),)
        yield self.at(shared.place, related=related, what=what, workers=shared.workers, cure=cure)
