"""DNN201: a rectifier as the last word of a regression network."""

from dnnlint.evidence.script import LossCall, Operation
from dnnlint.evidence.vocabulary import RECTIFIERS, REGRESSION_LOSSES, WEIGHTED
from dnnlint.rule import Findings, Rule, Severity


class ReluOnRegressionOutput(Rule):
    """A regression network ends in a rectifier, so it can predict no negative value.

    ## Why it hurts
    Negative targets are out of reach, and wherever the last layer falls below zero the output is exactly zero with
    zero gradient: such samples teach the network nothing, and an output unit that is negative on all of them is dead
    for good (Maas et al., *Rectifier Nonlinearities Improve Neural Network Acoustic Models*, 2013). The last
    activation has to fit the range of the targets: for real numbers, none.

    ## How it decides
    The loss is a regression loss (squared, absolute, Huber); everything that can reach its prediction is known and
    comes out of `relu` or `relu6`, applied to a layer with weights. Silent where the targets visibly cannot be
    negative (clamped, counts, pixels scaled to [0, 1]) and where prediction and target both come from networks, as in
    distillation and perceptual losses. `softplus` and leaky rectifiers are left alone.

    ## What it misses
    Whether the targets really are negative: reading cannot see the data, so this is a warning. `sigmoid` and `tanh`
    before a regression loss are another matter.

    ## How to silence
    Where targets cannot be negative (depth, prices, ages), write `# dnnlint: ignore[relu-on-regression-output]`
    behind the activation, with the reason.

    ## Related
    `softmax-before-cross-entropy`
    """

    code = "DNN201"
    level = Severity.WARNING
    message = "the prediction that `{loss}` receives ends in {activation} and cannot be negative"
    why = "Negative targets are out of reach, and an output that is cut to zero has no gradient to recover by."
    mend = "Drop the activation after the last layer."

    def static(self, loss: LossCall) -> Findings:
        if loss.kind not in REGRESSION_LOSSES or not loss.known or loss.bounded_target or loss.embedding:
            return
        if not loss.last or not _all(loss.last, RECTIFIERS) or not _all(loss.before, WEIGHTED):
            return
        for operation in loss.last if len(loss.before) == len(loss.last) else ():
            taken = ((loss.place, "the loss is taken here"),)
            yield self.at(operation.place, related=taken, loss=loss.kind, activation=operation.kind)


def _all(operations: tuple[Operation, ...], kinds: frozenset[str]) -> bool:
    return all(operation.kind in kinds for operation in operations)
