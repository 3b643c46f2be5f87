"""DNN535: a loss that is never back-propagated."""

from dnnlint.evidence.script import MissingBackward as Unfed
from dnnlint.rule import Findings, Rule, Severity


class MissingBackward(Rule):
    """A training loop computes a loss and steps, but nothing is ever back-propagated to what it steps.

    ## Why it hurts
    Without a backward pass every `.grad` is `None` and the optimiser skips every parameter without a word: the loop
    runs at full speed and learns nothing (documentation of `torch.Tensor.backward` and `torch.optim`).

    ## How it decides
    An optimiser steps in a loop in which a loss is computed, with gradients on, from a network that it holds; no
    backward pass in the script reaches that optimiser, and neither the loss nor the optimiser is handed to code that
    was not understood, which may back-propagate. Losses of an evaluation, where nothing steps, are none of its
    business.

    ## What it misses
    One of several losses that is forgotten while another one feeds the same optimiser.

    ## How to silence
    Write `# dnnlint: ignore[missing-backward]` behind the step, with the reason.

    ## Related
    `missing-optimizer-step`, `step-before-backward`
    """

    code = "DNN535"
    level = Severity.WARNING
    message = "`{optimizer}` steps, but its loss is never back-propagated"
    why = "The optimiser finds no gradients and leaves every weight as it is."
    mend = "Call `loss.backward()` between the loss and this step."

    def static(self, missing: Unfed) -> Findings:
        related = (missing.loss, "the loss"), (missing.loop, "the loop")
        yield self.at(missing.step, optimizer=missing.optimizer, related=related)
