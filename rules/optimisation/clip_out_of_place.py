"""DNN518: gradients clipped at the wrong moment."""

from dnnlint.evidence.script import Clipping
from dnnlint.rule import Findings, Rule, Severity

FAULTS = {
    "early": ("before the backward pass computes them", "they are computed here"),
    "late": ("after the step has used them", "the optimiser steps here"),
    "scaled": ("while they still carry the factor of the gradient scaler", ""),
}


class ClipOutOfPlace(Rule):
    """Gradients are clipped before they are computed, after they were used, or while they are still scaled.

    ## Why it hurts
    Clipping bounds a step only between the backward pass and the step. Elsewhere it does nothing, and training goes on
    as if it were not there (Pascanu et al., *On the difficulty of training recurrent neural networks*, 2013). Scaled
    gradients are tens of thousands of times too long: clipped to norm 1 and then unscaled, hardly anything is left of
    them (documentation of `torch.amp`, *Working with unscaled gradients*).

    ## How it decides
    In the steady state of the loop, none of the gradients that are clipped were written by a backward pass since they
    were cleared or stepped on; whether the optimiser stepped in this iteration tells which of the two it is. Or they
    are known to come from a scaled loss, and neither `unscale_` nor a step came in between. Several optimisers count
    with their own gradients each.

    ## What it misses
    Clipping written by hand, and gradients that code that was not understood may have written.

    ## How to silence
    Write `# dnnlint: ignore[clip-out-of-place]` behind the clipping call, with the reason.

    ## Related
    `amp-order`, `step-before-backward`
    """

    code = "DNN518"
    level = Severity.ERROR
    message = "gradients of `{optimizer}` are clipped {fault}"
    why = "Clipping there does not bound the step, which is what it is for."
    mend = "Clip after `backward` (and after `scaler.unscale_(optimizer)`), right before the step."

    def static(self, clipping: Clipping) -> Findings:
        fault, other = FAULTS[clipping.fault]
        related = ((clipping.other, other),)
        yield self.at(clipping.place, optimizer=clipping.optimizer, fault=fault, related=related)
