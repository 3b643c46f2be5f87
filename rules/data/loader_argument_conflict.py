"""DNN121: arguments of a loader that exclude each other."""

from collections.abc import Iterator

from dnnlint.evidence.script import Loader, LoaderArguments
from dnnlint.rule import Findings, Rule, Severity


class LoaderArgumentConflict(Rule):
    """A `DataLoader` is given arguments that exclude each other.

    ## Why it hurts
    The constructor raises a `ValueError`: a sampler already decides the order, a batch sampler also the size of the
    batches and what becomes of the last one, and a stream has an order of its own. Arguments for worker processes are
    refused where there are none. The script stops at this line, often only after the model was built and the data
    was loaded (documentation of `torch.utils.data.DataLoader`).

    ## How it decides
    Both arguments are certainly given, as far as the defaults of options go: `shuffle=True` with a sampler or a batch
    sampler, `batch_size` other than 1, `drop_last` or a sampler with a batch sampler, `drop_last` with
    `batch_size=None`, `shuffle` or a sampler with an `IterableDataset` (data pipes may be shuffled), and
    `persistent_workers` or `prefetch_factor` without workers. What may be None on one path is left alone.

    ## What it misses
    Samplers and flags that are not known from the source, and arguments in a dict of unknown content.

    ## How to silence
    Write `# dnnlint: ignore[loader-argument-conflict]` behind the loader, if you expect the error.

    ## Related
    `unshuffled-training-data`
    """

    code = "DNN121"
    level = Severity.ERROR
    message = "{loader} is given {one} and {other}, which exclude each other"
    why = "The DataLoader raises a ValueError when it is made, so the script stops here."
    mend = "{cure}."

    def static(self, loader: Loader) -> Findings:
        if loader.arguments is None:
            return
        name = f"`{loader.name}`" if loader.name else "this loader"
        for one, other, cure in list(_conflicts(loader.arguments))[:1]:
            yield self.at(loader.place, loader=name, one=one, other=other, cure=cure)


def _conflicts(given: LoaderArguments) -> Iterator[tuple[str, str, str]]:
    if given.stream and given.shuffle:
        yield "`shuffle=True`", "a stream", "Drop `shuffle`, and shuffle within the stream's `__iter__`"
    if given.stream and (given.sampler or given.batch_sampler):
        yield "a sampler", "a stream", "Drop the sampler, or use a data set that is read by index"
    if given.shuffle and given.sampler:
        yield "`shuffle=True`", "a sampler", "Drop `shuffle`: the sampler decides the order"
    if given.batch_sampler:
        cure = "Drop it here and give it to the batch sampler"
        for present, what in (
            (given.batch_size, "`batch_size`"),
            (given.shuffle, "`shuffle=True`"),
            (given.sampler, "a sampler"),
            (given.drop_last, "`drop_last=True`"),
        ):
            if present:
                yield what, "a batch sampler", cure
    if given.unbatched and given.drop_last:
        yield "`drop_last=True`", "`batch_size=None`", "Drop `drop_last`: there are no batches"
    if given.in_process and given.persistent_workers:
        yield "`persistent_workers=True`", "no workers", "Set `num_workers` above 0, or drop `persistent_workers`"
    if given.in_process and given.prefetch_factor:
        yield "`prefetch_factor`", "no workers", "Set `num_workers` above 0, or drop `prefetch_factor`"
