"""DNN621: a training loop that never gets past its first iteration."""

from dnnlint.evidence.script import LeftLoop
from dnnlint.rule import Findings, Rule, Severity


class TrainingLoopLeftEarly(Rule):
    """A loop that trains is always left in its first iteration.

    ## Why it hurts
    A `return` that is indented one step too far, or a `break` left over from debugging, ends the epoch after one batch
    or the training after one epoch. Nothing fails: the loss is printed, and the network has seen next to no data.

    ## How it decides
    An optimiser steps inside the loop, and control comes to a `return` or `break` in its first iteration on every
    path: the statement stands in the body of the loop itself, under no condition, and no `continue` leads back before
    it. Functions that speak of debugging, profiling or a single batch are left alone, and so are loops that go over
    one thing, wait for something to work out (`while True`), or hand out values by `yield`.

    ## What it misses
    Ways out under a condition that is always true.

    ## How to silence
    Where one iteration is all that is wanted, write `# dnnlint: ignore[training-loop-left-early]` behind the statement.

    ## Related
    `partial-validation`
    """

    code = "DNN621"
    level = Severity.WARNING
    message = "`{how}` ends the loop over {what} in its first iteration"
    why = "The network is trained on a small part of the data, and nothing says so."
    mend = "Move the `{how}` behind the loop, or put it under the condition that was meant."

    def static(self, left: LeftLoop) -> Findings:
        what = "the training data" if left.over_data else "the training steps"
        yield self.at(left.place, how=left.how, what=what, related=((left.loop, "this loop trains"),))
