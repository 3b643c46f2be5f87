"""DNN712: sums over batches divided by the count of something else."""

from dnnlint.evidence.script import WrongCount
from dnnlint.rule import Findings, Rule, Severity

_SUMMED = {"mean": "means of batches", "count": "numbers of samples", "sum": "sums over samples"}


class MeanOfBatchMeans(Rule):
    """A sum over batches is divided by the count of something else.

    ## Why it hurts
    Losses are means over a batch by default. Their sum, divided by the number of *samples*, is too small by the size
    of a batch; samples that were classified correctly, divided by the number of *batches*, give an accuracy of 50 that
    should be 0.8. The curve keeps its shape, so the mistake goes unnoticed until numbers are compared with those of
    others, or a threshold is set (documentation of `torch.nn.CrossEntropyLoss`, `reduction`).

    ## How it decides
    A sum grows by one addend a batch: the value of a loss whose reduction is the mean, a mean times the size of its
    batch, or the number of predictions that agree with labels. It is divided by the length of the loader, by that of
    its data set, or by batch sizes added up; and the two do not belong together. Means of batches divided by the number
    of batches are left alone: only a shorter last batch makes that inexact.

    ## What it misses
    Losses and counts from functions that are not known, and divisors with numbers in them.

    ## How to silence
    Write `# dnnlint: ignore[mean-of-batch-means]` behind the division, with the reason.

    ## Related
    `partial-validation`, `metric-over-wrong-axis`
    """

    code = "DNN712"
    level = Severity.WARNING
    message = "A sum of {summed} is divided by the number of {by}"
    why = "The result is off by a factor of the batch size, so it cannot be compared with anything."
    mend = "Divide means by `len(loader)`; divide counts, and means times batch size, by the number of samples."

    def static(self, count: WrongCount) -> Findings:
        related = (count.added, "the sum grows here"), (count.loop, "once in every iteration of this loop")
        yield self.at(count.place, summed=_SUMMED[count.summed], by=count.by, related=related)
