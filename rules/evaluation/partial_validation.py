"""DNN702: a score from the first batches only."""

from dnnlint.evidence.script import PartialEvaluation
from dnnlint.rule import Confidence, Findings, Rule, Severity


class PartialValidation(Rule):
    """A score is added up over held-out data, and the loop is left before the data is through.

    ## Why it hurts
    A score from a few batches is a noisy estimate of the score on the whole set: of 320 samples, an accuracy of 0.9 is
    known to within 0.03, so checkpoints and settings are chosen by chance (Karpathy, *A Recipe for Training Neural
    Networks*, 2019: evaluate on the entire test set, not on a batch). If the sum is divided by the size of the
    whole set, it is wrong as well.

    ## How it decides
    A loop over data evaluates a network and adds up or collects something, and its body holds a `return` or `break`
    that every first iteration comes to, or one that the loop's counter reaches at a number written there (medium
    confidence). Limits that come from a setting are deliberate, and so are functions that speak of debugging,
    samples or pictures. A function named for evaluation that takes `next(iter(loader))` of held-out data, goes over
    nothing and returns something counts as well.

    ## What it misses
    Limits with a name.

    ## How to silence
    Where an estimate is enough, write `# dnnlint: ignore[partial-validation]` behind the statement.

    ## Related
    `training-loop-left-early`, `mean-of-batch-means`
    """

    code = "DNN702"
    level = Severity.WARNING
    message = "`{how}` ends the evaluation {when}"
    why = "The score is that of a few samples, so it is noisy, and comparisons by it are a matter of chance."
    mend = "Evaluate on the whole set: go over all of the loader, and leave the loop only at its end."

    def static(self, left: PartialEvaluation) -> Findings:
        when = "in the first batch" if left.batches is None else f"at batch {left.batches}"
        yield self.at(
            left.place,
            confidence=Confidence.HIGH if left.batches is None else Confidence.MEDIUM,
            how=left.how,
            when=when,
            related=((left.loop, "this loop evaluates"),),
            evidence={"taken_for_evaluation_by": list(left.evidence)},
        )
