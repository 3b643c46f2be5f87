"""DNN513: gradients that no step uses."""

from dnnlint.evidence.script import MissingStep
from dnnlint.rule import Findings, Rule, Severity


class MissingOptimizerStep(Rule):
    """A training loop back-propagates for an optimiser that is never stepped.

    ## Why it hurts
    `backward` computes gradients and changes no weight; only `step` does. The loop runs, the loss is printed, and the
    network stays as it was initialised (documentation of `torch.optim`, *Taking an optimization step*).

    ## How it decides
    In a loop over data, or one that clears the optimiser's gradients, a backward pass reaches parameters that the
    optimiser was given. Nothing in the file or in what it calls steps that optimiser, directly, by way of a gradient
    scaler or by hand; where the same pass feeds another optimiser that does step, the forgotten one has to be cleared
    in the loop, share no network with that one, and have a name that is stepped in no file; nobody looks at the
    gradients, as attacks and visualisations do; and the optimiser was not handed to anything that was not understood,
    such as an engine that steps by itself.

    ## What it misses
    Scripts that step something of unknown kind, which may be the optimiser after all.

    ## How to silence
    Write `# dnnlint: ignore[missing-optimizer-step]` behind the backward call, with the reason.

    ## Related
    `missing-backward`, `wiped-gradients`
    """

    code = "DNN513"
    level = Severity.WARNING
    message = "gradients are computed for `{optimizer}`, which is never stepped"
    why = "Without a step no weight changes, so the network learns nothing."
    mend = "Call `step()` on the optimiser after this backward pass."

    def static(self, missing: MissingStep) -> Findings:
        related = (missing.built, "the optimiser"), (missing.loop, "the loop that computes them")
        yield self.at(missing.backward, optimizer=missing.optimizer, related=related)
