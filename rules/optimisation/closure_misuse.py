"""DNN515: an optimiser that needs a closure and does not get a proper one."""

from dnnlint.evidence.script import ClosureStep
from dnnlint.rule import Findings, Rule, Severity

FAULTS = {
    "closure": "`{optimizer}` steps without a closure",
    "function": "`{optimizer}` is handed a value as its closure, not a function",
    "clear": "the closure of `{optimizer}` does not clear the gradients",
    "backward": "the closure of `{optimizer}` does not back-propagate",
    "return": "the closure of `{optimizer}` does not return the loss",
}


class ClosureMisuse(Rule):
    """LBFGS steps without a closure, or with one that does not clear, back-propagate and return the loss.

    ## Why it hurts
    LBFGS evaluates the loss and its gradient several times within one step, and does so by calling the closure. Without
    one, or without a loss returned from it, the step raises an error; without clearing inside, each evaluation adds to
    the gradients of the one before; without a backward pass it sees the same gradient each time (documentation of
    `torch.optim`, *optimizer.step(closure)*).

    ## How it decides
    The optimiser is known to need a closure, and the closure is a function of the project: it was followed, and one of
    the three is certainly not in it. For any optimiser, a tensor in place of a function is an error.

    ## What it misses
    Closures that call code that was not understood.

    ## How to silence
    Write `# dnnlint: ignore[closure-misuse]` behind the step, with the reason.

    ## Related
    `missing-zero-grad`, `missing-backward`
    """

    code = "DNN515"
    level = Severity.ERROR
    message = "{seen}"
    why = "The optimiser evaluates the closure several times a step and needs loss and fresh gradients each time."
    mend = "Pass a function that calls `zero_grad`, computes the loss, calls `backward` and returns the loss."

    def static(self, step: ClosureStep) -> Findings:
        place, other = (step.place, step.closure) if step.closure is None else (step.closure, step.place)
        related = ((other, "the optimiser evaluates it here"),)
        yield self.at(place, seen=FAULTS[step.lacks].format(optimizer=step.optimizer), related=related)
