"""DNN511: gradients that are never cleared."""

from dnnlint.evidence.script import Gradients, TrainingStep
from dnnlint.rule import Findings, Rule, Severity


class MissingZeroGrad(Rule):
    """A training loop back-propagates and steps, but the gradients are never cleared.

    ## Why it hurts
    `backward` adds to `.grad`. Without clearing, each step follows the sum of all gradients since the start, as if
    momentum were 1: the updates grow without bound and point at batches long gone, so the loss oscillates or diverges
    (documentation of `torch.optim.Optimizer.zero_grad`).

    ## How it decides
    In the steady state of the loop around a backward pass, the optimiser reads gradients that it has already stepped
    on, on every known path to that backward pass. Where in the iteration they are cleared does not matter, nor by
    which means: `zero_grad` of the optimiser or of a module, `.grad = None`, a new optimiser. A clear on one path
    only, as in gradient accumulation, is enough for silence, and so is any call that was not understood and got the
    optimiser or the network.

    ## What it misses
    Loops whose optimiser is handed to unknown code, and clearing that is spelt out but never reached at run time.

    ## How to silence
    Where summed gradients are meant, write `# dnnlint: ignore[missing-zero-grad]` behind the backward call, with the
    reason.

    ## Related
    `wiped-gradients`
    """

    code = "DNN511"
    level = Severity.ERROR
    message = "gradients of `{optimizer}` pile up: nothing clears them between its steps"
    why = "Each step follows the sum of all gradients since the start of training, so the updates grow and go astray."
    mend = "Call `zero_grad()` on the optimiser once per step, before this backward pass."

    def static(self, step: TrainingStep) -> Findings:
        before = step.gradients
        if Gradients.STALE not in before or before & {Gradients.CLEAR, Gradients.UNKNOWN}:
            return
        related = (step.step, "the optimiser steps here"), (step.loop, "the loop that repeats it")
        yield self.at(step.backward, optimizer=step.optimizer, related=related)
