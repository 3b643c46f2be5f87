"""DNN511: gradients that are never cleared."""

from dnnlint.evidence.script import Gradients, TrainingStep
from dnnlint.evidence.trace import Cycle, Events, Run
from dnnlint.rule import Findings, Rule, Severity

OFTEN = 2  # times; one may be a peculiarity of the first step


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
    In the run: a backward pass added to gradients that the optimiser had stepped on already, twice or more and in at
    least half of its steps. Accumulation over several backward passes before a step does not count.

    ## What it misses
    When reading: loops whose optimiser is handed to unknown code, and clearing that is spelt out but never reached.

    ## How to silence
    Where summed gradients are meant, write `# dnnlint: ignore[missing-zero-grad]` behind the backward call, with the
    reason.

    ## Related
    `wiped-gradients`
    """

    code = "DNN511"
    level = Severity.ERROR
    message = "gradients of `{optimizer}` pile up: nothing clears them between its steps"
    measured = "{count} of {seen} steps of `{optimizer}` used gradients that it had stepped on before"
    why = "Each step follows the sum of all gradients since the start of training, so the updates grow and go astray."
    mend = "Call `zero_grad()` on the optimiser once per step, before this backward pass."

    def static(self, step: TrainingStep) -> Findings:
        before = step.gradients
        if Gradients.STALE not in before or before & {Gradients.CLEAR, Gradients.UNKNOWN}:
            return
        related = (step.step, "the optimiser steps here"), (step.loop, "the loop that repeats it")
        yield self.at(step.backward, optimizer=step.optimizer, related=related)

    def runtime(self, events: Events, run: Run) -> Findings:
        for optimizer in run.optimizers:
            cycles = [cycle for cycle in events.cycles if cycle.optimizer == optimizer.number and _counts(cycle)]
            stale = [cycle for cycle in cycles if cycle.stale]
            if len(stale) < OFTEN or 2 * len(stale) < len(cycles):
                continue
            yield self.at(
                stale[0].backward or stale[0].stepped,
                related=((stale[0].stepped, "the optimiser steps here"), (optimizer.built, "the optimiser")),
                evidence={"measured": len(stale), "threshold": OFTEN, "unit": "steps on old gradients"},
                count=len(stale),
                seen=len(cycles),
                optimizer=optimizer.kind,
            )


def _counts(cycle: Cycle) -> bool:
    """Whether there was a step before whose gradients could have been left over."""
    return cycle.step > 0 and cycle.backwards > 0 and not cycle.overflow
