"""DNN531: accumulated gradients that are summed instead of averaged."""

from dnnlint.evidence.script import Accumulated
from dnnlint.rule import Confidence, Findings, Rule, Severity


class UnscaledAccumulation(Rule):
    """Gradients of several batches are accumulated, and the loss is not divided by their number.

    ## Why it hurts
    A loss is usually the mean over a batch, and `backward` adds. After k batches the gradient is k times that of one
    large batch, so the learning rate is in effect k times larger (and clipping k times harsher) than the one that was
    chosen (PyTorch documentation, *Automatic mixed precision examples*, "Gradient accumulation").

    ## How it decides
    The optimiser steps only in every so many iterations (under a remainder, or under a test named after accumulation),
    each backward pass adds to the gradients of the iteration before, and the loss that it starts from is a mean that
    nothing divides or weights. A loss that is known to be a sum is left alone, so are gradients that somebody reads or
    rescales, and an engine that divides by itself.

    ## What it misses
    Accumulation in an inner loop over parts of one batch, and losses whose scale is not known.

    ## How to silence
    Where the sum is meant, write `# dnnlint: ignore[unscaled-accumulation]` behind the backward call, with the reason.

    ## Related
    `missing-zero-grad`
    """

    code = "DNN531"
    level = Severity.WARNING
    confidence = Confidence.MEDIUM
    message = "gradients for `{optimizer}` add up over several batches, and the loss is not divided by their number"
    why = "The step is as many times too large as batches are accumulated."
    mend = "Divide the loss by the number of accumulated batches before `backward`."

    def static(self, accumulated: Accumulated) -> Findings:
        related = (accumulated.step, "the optimiser steps only now and then"), (accumulated.loop, "the loop")
        yield self.at(accumulated.backward, optimizer=accumulated.optimizer, related=related)
