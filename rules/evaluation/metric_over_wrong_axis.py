"""DNN718: classes chosen over the batch, or over everything."""

from dnnlint.evidence.script import WrongAxis
from dnnlint.rule import Findings, Rule, Severity


class MetricOverWrongAxis(Rule):
    """The predicted class is the largest score over the batch, or over the batch and all classes at once.

    ## Why it hurts
    Scores of a batch have shape (samples, classes, ...). `argmax(dim=0)` finds, for each class, the sample with the
    largest score, and `argmax()` one index into all scores. Compared with labels, both broadcast or happen to fit, and
    give an accuracy that has nothing to do with the network (documentation of `torch.argmax`: without `dim`, "the
    index of the maximum value of all elements in the input").

    ## How it decides
    `argmax` without an axis or over axis 0, or `max` or `topk` over axis 0, is applied to what a network gave for a
    batch of a loader, with nothing in between that changes the axes, and the indices are compared with a part of a
    batch, or handed to a metric of scikit-learn. Where it is not known what the network was given, the mean of the
    comparisons tells that there are several (or their sum, over axis 0). Batches of one sample are left alone, and so
    are scores that were indexed or squeezed before.

    ## What it misses
    Scores whose axes were changed, and metrics of other libraries.

    ## How to silence
    Where the first axis is that of the classes, write `# dnnlint: ignore[metric-over-wrong-axis]` behind the call.

    ## Related
    `mean-of-batch-means`
    """

    code = "DNN718"
    level = Severity.WARNING
    message = "`{name}` picks the largest score {over}"
    why = "The indices are no classes, so comparing them with labels measures nothing."
    mend = "Take the largest score over the classes: `{name}(dim=1)`."

    def static(self, choice: WrongAxis) -> Findings:
        over = "over the batch (axis 0)" if choice.axis == 0 else "over the batch and all classes at once"
        yield self.at(choice.place, name=choice.name, over=over)
