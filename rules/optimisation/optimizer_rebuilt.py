"""DNN534: an optimiser that forgets everything with each iteration."""

from dnnlint.evidence.script import Rebuilt
from dnnlint.rule import Findings, Rule, Severity


class OptimizerRebuilt(Rule):
    """The optimiser is made anew in every step or epoch, while the network stays.

    ## Why it hurts
    Adam and its kin keep running averages of the gradients, and momentum keeps a velocity. An optimiser made anew
    starts from zero each time: Adam's first steps have full size whatever the gradient, and momentum never builds up.
    Schedules that hold the old optimiser change nothing any more (Kingma and Ba, *Adam*, 2015; documentation of
    `torch.optim`).

    ## How it decides
    The optimiser is made without a condition in a loop over batches or epochs, in the loop's body or in a function
    called from it, and steps in the same iteration; the network was there before the loop and is not loaded anew in
    it. Plain gradient descent without momentum keeps nothing and is left alone, and so are loops over tasks, folds,
    rounds or clients, where a fresh start is meant.

    ## What it misses
    Optimisers made anew under a condition, for instance to change the learning rate.

    ## How to silence
    Write `# dnnlint: ignore[optimizer-rebuilt]` behind the constructor, with the reason.

    ## Related
    `stale-optimizer-parameters`
    """

    code = "DNN534"
    level = Severity.WARNING
    message = "`{optimizer}` is made anew in every {every}"
    why = "Its averages and its momentum start from zero each time."
    mend = "Make the optimiser once, before the loop."

    def static(self, rebuilt: Rebuilt) -> Findings:
        if rebuilt.stateful:
            related = (rebuilt.loop, "the loop that makes it anew"), (rebuilt.step, "it steps here")
            yield self.at(rebuilt.place, optimizer=rebuilt.optimizer, every=rebuilt.every, related=related)
