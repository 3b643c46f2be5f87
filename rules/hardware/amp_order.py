"""DNN911: a gradient scaler used out of order."""

from dnnlint.evidence.script import ScalerUse
from dnnlint.rule import Findings, Rule, Severity

# What was seen, what comes of it, and what stands at the related place.
FAULTS = {
    "unscaled": (
        "`{optimizer}` is stepped by the gradient scaler, but the loss back-propagated here was never scaled",
        "the scaler steps here",
    ),
    "direct": ("`{optimizer}` steps on its own on gradients that are still scaled", ""),
    "unchecked": (
        "`{optimizer}` steps on its own after `unscale_`, so steps with infinite gradients are not skipped",
        "",
    ),
    "twice": ("`{optimizer}` steps a second time after the gradient scaler has stepped it", "the scaler steps here"),
    "never updated": ("the gradient scaler steps `{optimizer}` and is never updated", "the scaler is made here"),
    "early update": ("the gradient scaler is updated before it has stepped", ""),
    "early unscale": ("gradients of `{optimizer}` are unscaled before the backward pass", ""),
    "unscaled twice": ("gradients of `{optimizer}` are unscaled twice", "the first time"),
}


class AmpOrder(Rule):
    """A gradient scaler's calls are out of order, or one of them is missing.

    ## Why it hurts
    `GradScaler` multiplies the loss by a large factor, so that gradients in half precision do not round to zero, and
    divides the gradients by it before the step. Stepped past the scaler, the optimiser takes steps tens of thousands
    of times too large; without `update` the factor never adapts, and the second step of the scaler raises an error, as
    do an unscaled loss, a second `unscale_` and an `update` without a step. After `unscale_`, only the scaler's `step`
    leaves out steps whose gradients overflowed (documentation of `torch.amp.GradScaler`;
    Micikevicius et al., *Mixed Precision Training*, 2018).

    ## How it decides
    Each iteration is followed through `scale(loss).backward()`, `unscale_`, `step` and `update`. A finding needs a
    scaler that is not switched off and a state that is known on every path: gradients known to be scaled when the
    optimiser steps on its own, a scaler that is stepped in a loop and nowhere updated, and so on.

    ## What it misses
    Scalers inside helpers that are not part of the project.

    ## How to silence
    Write `# dnnlint: ignore[amp-order]` behind the call, with the reason.

    ## Related
    `backward-in-autocast`, `clip-out-of-place`
    """

    code = "DNN911"
    level = Severity.ERROR
    message = "{seen}"
    why = "The scaler's factor is applied without being taken out again, or the scaler raises an error."
    mend = "Per step: `scaler.scale(loss).backward()`, `scaler.unscale_` if you clip, `scaler.step`, `scaler.update()`."

    def static(self, use: ScalerUse) -> Findings:
        seen, other = FAULTS[use.fault]
        yield self.at(use.place, seen=seen.format(optimizer=use.optimizer), related=((use.other, other),))
