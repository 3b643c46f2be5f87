"""DNN512: gradients cleared before the step that needs them."""

from dnnlint.evidence.script import WipedStep
from dnnlint.rule import Findings, Rule, Severity


class WipedGradients(Rule):
    """Gradients are cleared after the backward pass and before the optimiser steps on them.

    ## Why it hurts
    The optimiser finds no gradients: with `.grad` set to `None` it skips every parameter, with zeros only weight
    decay and old momentum move the weights. The loop runs, the loss is computed, and nothing is learnt (documentation
    of `torch.optim.Optimizer.zero_grad`).

    ## How it decides
    On every path from a backward pass to a step of an optimiser that owns the parameters, the same gradients are
    cleared in between and no other backward pass fills them again. Clearing by another optimiser, of other
    parameters, does not count.

    ## What it misses
    Steps whose optimiser or network passes through unknown code in between.

    ## How to silence
    Write `# dnnlint: ignore[wiped-gradients]` behind the clearing call, with the reason.

    ## Related
    `missing-zero-grad`
    """

    code = "DNN512"
    level = Severity.ERROR
    message = "gradients are cleared between the backward pass and the step of `{optimizer}`"
    why = "The optimiser steps on empty gradients, so the network does not learn."
    mend = "Move this call before the backward pass, or after the step."

    def static(self, fault: WipedStep) -> Findings:
        related = (fault.backward, "the gradients are computed here"), (fault.step, "and needed here")
        yield self.at(fault.clear, optimizer=fault.optimizer, related=related)
