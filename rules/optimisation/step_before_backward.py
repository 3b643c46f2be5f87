"""DNN514: the step comes before the backward pass."""

from dnnlint.evidence.script import EarlyStep
from dnnlint.rule import Findings, Rule, Severity


class StepBeforeBackward(Rule):
    """The optimiser steps before the backward pass of the same iteration.

    ## Why it hurts
    The step finds no gradients, or those of the batch before. If they are cleared in between, nothing is ever learnt;
    if not, the backward pass meets weights that changed since the forward pass, which raises "modified by an inplace
    operation" or gives the gradient of another function (documentation of `torch.optim`: forward, `zero_grad`,
    `backward`, `step`).

    ## How it decides
    The optimiser steps between the network call that the loss depends on and the backward pass, and no backward pass
    of that iteration fed it before; or it steps on gradients that were cleared at the head of the iteration, while the
    backward pass that fills them follows later. A loop that is merely rotated (step, clear, forward, backward) is left
    alone.

    ## What it misses
    Steps under a condition, and losses handed to code that was not understood in between.

    ## How to silence
    Write `# dnnlint: ignore[step-before-backward]` behind the step, with the reason.

    ## Related
    `wiped-gradients`, `missing-backward`
    """

    code = "DNN514"
    level = Severity.ERROR
    message = "`{optimizer}` steps before the backward pass that should feed it"
    why = "The step works on empty or outdated gradients, so the network learns nothing from its batch."
    mend = "Move the step behind the backward pass."

    def static(self, early: EarlyStep) -> Findings:
        yield self.at(early.step, optimizer=early.optimizer, related=((early.backward, "the gradients come here"),))
