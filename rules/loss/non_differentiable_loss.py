"""DNN409: a loss on choices and rounded numbers."""

from dnnlint.evidence.script import CutGradient
from dnnlint.rule import Findings, Rule, Severity

from ._gradients import STEPS, spelled, steps


class NonDifferentiableLoss(Rule):
    """The loss is computed from argmax, rounded, compared or truncated predictions.

    ## Why it hurts
    Such functions are constant but for jumps: their gradient is zero wherever it exists. torch gives no gradient at all
    for `argmax` and comparisons, so that the backward pass fails, and zeros for `round`, so that it succeeds and
    teaches nothing (documentation of autograd mechanics, "Gradients for non-differentiable functions").

    ## How it decides
    Every path from the tensor that `backward()` is called on to a network is known and passes `argmax`, `round`,
    `floor`, `sign`, a comparison, or a cast to whole numbers. One path with a gradient is enough for silence, as in a
    straight-through estimator.

    ## What it misses
    Such terms beside others that have a gradient, and choices made by other libraries.

    ## How to silence
    Write `# dnnlint: ignore[non-differentiable-loss]` behind the line, with the reason.

    ## Related
    `cut-gradient`
    """

    code = "DNN409"
    level = Severity.ERROR
    message = "the loss is computed from the result of {how}, which has no gradient"
    why = "A small change of the weights does not change it, so there is nothing to learn from."
    mend = "Take the loss of the scores or probabilities themselves; choose and round only for metrics."

    def static(self, cut: CutGradient) -> Findings:
        for one in cut.cuts if steps(cut.cuts) else ():
            if one.how in STEPS:
                backward = (cut.backward, "the backward pass starts here")
                yield self.at(one.place, related=(backward,), how=spelled(one))
