"""DNN408: a backward pass from which no gradient reaches the network."""

from dnnlint.evidence.script import CutGradient as Fact
from dnnlint.rule import Findings, Rule, Severity

from ._gradients import spelled, steps


class CutGradient(Rule):
    """Between the network and the backward pass the loss is taken out of the graph.

    ## Why it hurts
    `.item()`, `.data`, `.detach()`, `.numpy()` and `torch.tensor(loss)` return values without their history. The
    backward pass then fails, or, if the result was declared to require a gradient so that it does not fail, reaches
    no parameter: the optimiser steps on nothing, and the loss stays where it was (documentation of
    `torch.Tensor.detach` and of autograd mechanics).

    ## How it decides
    Every path from the tensor that `backward()` is called on to a network is known and passes such an operation. One
    path with a gradient is enough for silence (a detached teacher, a straight-through estimator, a baseline), and so is
    anything on the way that was not understood. A new leaf made of a loss, as in
    `Variable(loss.data, requires_grad=True)`, counts as cut; one that an optimiser owns does not.

    ## What it misses
    Cuts of a part of the network while the rest still learns, and values that pass through other libraries.

    ## How to silence
    Write `# dnnlint: ignore[cut-gradient]` behind the line, with the reason.

    ## Related
    `non-differentiable-loss`, `parameters-not-optimized`
    """

    code = "DNN408"
    level = Severity.ERROR
    message = "{how} cuts the loss off from the network{revived}"
    why = "No gradient reaches a parameter, so nothing is learned{effect}."
    mend = "Call `backward()` on the loss as it was computed; take `.item()` or `.detach()` only of copies to be shown."

    def static(self, cut: Fact) -> Findings:
        if steps(cut.cuts):
            return
        revived = cut.revived is not None
        for one in cut.cuts:
            yield self.at(
                one.place,
                related=((cut.revived, "a new leaf is made of it"), (cut.backward, "the backward pass starts here")),
                how=spelled(one),
                revived=", and a new leaf hides it" if revived else "",
                effect=", and since the new leaf has a gradient, no error says so" if revived else "",
            )
