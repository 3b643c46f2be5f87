"""DNN120: samples that change each time they are read."""

from dnnlint.evidence.script import Alteration
from dnnlint.rule import Findings, Rule, Severity


class DatasetChangedInPlace(Rule):
    """A data set changes its stored samples in place when they are read.

    ## Why it hurts
    `__getitem__` is called once an epoch for each sample. What it does in place to the stored array, list or dict
    stays there: noise adds up, a normalisation is applied to its own result, crops eat into what is left. From the
    second epoch on the network trains on other data than was loaded; with workers, whose copies die after each
    epoch, the fault comes and goes with `num_workers` (documentation of `torch.utils.data.Dataset`).

    ## How it decides
    A loader reads a data set of the project that keeps its samples in memory: a list, a dict, a tensor or an array.
    In `__getitem__`, or in a helper it hands the sample to, what was taken out by index and shares memory with the
    store is changed by `+=` and its kin, by an arithmetic method in place, by an assignment to an entry of what is
    computed from that same entry, or at places drawn by chance. Copies (`clone`, `copy`, arithmetic) are left alone,
    and so are changes that give the same result again, counters that nothing else reads, and changes under a
    condition that asks whether the sample was treated before.

    ## What it misses
    Stores whose kind is not known, and transforms in place that are hidden in libraries.

    ## How to silence
    Write `# dnnlint: ignore[dataset-changed-in-place]` at the line, with the reason.

    ## Related
    `repeated-batch`
    """

    code = "DNN120"
    level = Severity.WARNING
    message = "`{dataset}` changes its stored samples here, each time they are read"
    why = "The changes add up over the epochs, so later epochs train on other data than was loaded."
    mend = "Work on a copy: `sample = self.data[index].clone()` (or `.copy()`), or use operations that make new values."

    def static(self, alteration: Alteration) -> Findings:
        related = ((alteration.loader, "the loader that reads it"),)
        yield self.at(alteration.place, related=related, dataset=alteration.dataset)
