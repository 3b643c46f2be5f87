"""DNN712: sums over batches divided by the count of something else."""

from dnnlint.evidence.script import MeanOfMeans, WrongCount
from dnnlint.rule import Confidence, Findings, Rule, Severity

_SUMMED = {"mean": "means of batches", "count": "numbers of samples", "sum": "sums over samples"}


class MeanOfBatchMeans(Rule):
    """A sum over batches is divided by the count of something else, or means of unequal batches are averaged.

    ## Why it hurts
    Losses are means over a batch by default. Their sum, divided by the number of *samples*, is too small by the size
    of a batch; samples that were classified correctly, divided by the number of *batches*, give an accuracy of 50 that
    should be 0.8. The curve keeps its shape, so the mistake goes unnoticed until numbers are compared with those of
    others, or a threshold is set (documentation of `torch.nn.CrossEntropyLoss`, `reduction`). Where the last batch of
    held-out data is smaller, the mean of all means lets its few samples count as much as a whole batch.

    ## How it decides
    A sum grows by one addend a batch: the value of a loss whose reduction is the mean, a mean times the size of its
    batch, or the number of predictions that agree with labels. It is divided by the length of the loader, by a counter
    of batches, by the length of its data set, or by batch sizes added up; and the two do not belong together.
    Means of batches that are averaged (a sum divided by the number of batches, a list, a meter that is not told the
    size of the batch) count for held-out data whose size is known not to be a multiple of the batch size, unless the
    loader drops the last batch.

    ## What it misses
    Averaged means where the size of the data is not known; losses and counts from functions that are not known, and
    divisors with numbers in them.

    ## How to silence
    Write `# dnnlint: ignore[mean-of-batch-means]` behind the line, with the reason.

    ## Related
    `partial-validation`, `metric-over-wrong-axis`
    """

    code = "DNN712"
    level = Severity.WARNING
    message = "{what}"
    why = "The result is off, by a factor of the batch size or by the weight of the last batch."
    mend = "Divide means by `len(loader)`; divide counts, and means times batch size, by the number of samples."

    def static(self, fact: WrongCount | MeanOfMeans) -> Findings:
        if isinstance(fact, WrongCount):
            related = (fact.added, "the sum grows here"), (fact.loop, "once in every iteration of this loop")
            what = f"A sum of {_SUMMED[fact.summed]} is divided by the number of {fact.by}"
            yield self.at(fact.place, what=what, related=related)
        else:
            last = f"has {fact.remainder} samples, not {fact.batch_size}"
            yield self.at(
                fact.place,
                what=f"Means of batches are averaged as if all were of one size; the last one {last}",
                confidence=Confidence.MEDIUM,
                related=((fact.mean, "the mean is taken here"), (fact.built, f"`{fact.loader}` is made here")),
            )
