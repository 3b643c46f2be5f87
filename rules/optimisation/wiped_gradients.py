"""DNN512: gradients cleared before the step that needs them."""

from dnnlint.evidence.script import WipedStep
from dnnlint.evidence.trace import Events, Run
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
    parameters, does not count. Or gradients are accumulated, with a step once in so many iterations (a test of a
    remainder or of a count decides), and every iteration clears what the ones before it added.
    In the run: gradients of an optimiser's parameters were cleared after the last backward pass that filled them and
    before its step, in at least half of its steps.

    ## What it misses
    When reading: steps whose optimiser or network passes through unknown code in between.

    ## How to silence
    Write `# dnnlint: ignore[wiped-gradients]` behind the clearing call, with the reason.

    ## Related
    `missing-zero-grad`
    """

    code = "DNN512"
    level = Severity.ERROR
    message = "gradients are cleared between the backward pass and the step of `{optimizer}`"
    measured = "{count} of {seen} steps of `{optimizer}` came after its gradients had been cleared"
    why = "The optimiser steps on empty gradients, so the network does not learn."
    mend = "Move this call before the backward pass, or after the step."

    def static(self, fault: WipedStep) -> Findings:
        related = (fault.backward, "the gradients are computed here"), (fault.step, "and needed here")
        yield self.at(fault.clear, optimizer=fault.optimizer, related=related)

    def runtime(self, events: Events, run: Run) -> Findings:
        for optimizer in run.optimizers:
            cycles = [cycle for cycle in events.cycles if cycle.optimizer == optimizer.number and cycle.backwards > 0]
            wiped = [(cycle.wiped, cycle) for cycle in cycles if cycle.wiped is not None]
            if not wiped or 2 * len(wiped) < len(cycles):
                continue
            place, first = wiped[0]
            computed = (first.backward, "the gradients are computed here")
            yield self.at(
                place,
                related=(computed, (first.stepped, "and needed here")),
                evidence={"measured": len(wiped), "threshold": 1, "unit": "steps on empty gradients"},
                count=len(wiped),
                seen=len(cycles),
                optimizer=optimizer.kind,
            )
