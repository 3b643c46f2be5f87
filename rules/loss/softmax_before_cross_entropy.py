"""DNN401: softmax applied twice, once before and once inside the loss."""

from dnnlint.evidence.script import LossCall
from dnnlint.evidence.vocabulary import SOFTMAX_LOSSES
from dnnlint.rule import Findings, Rule, Severity

TWICE = {
    "softmax": (Severity.ERROR, "applied twice, it keeps the loss from getting small and the gradients near zero"),
    "log_softmax": (Severity.ADVICE, "a log-softmax before it changes nothing and costs time"),
}


class SoftmaxBeforeCrossEntropy(Rule):
    """A prediction goes through softmax and then into cross-entropy, which applies softmax itself.

    ## Why it hurts
    `CrossEntropyLoss` expects raw scores. Softmax of a softmax squeezes C classes into factors between 1 and e: the
    loss cannot fall below log(1 + (C - 1) / e), which is 1.46 for ten classes, and the gradient of a wrong prediction
    all but vanishes. Training looks alive and stays poor (documentation of `torch.nn.CrossEntropyLoss`; A. Karpathy,
    *A Recipe for Training Neural Networks*, 2019).

    ## How it decides
    Everything that can reach the first argument of the loss is known and comes out of a softmax, in the forward pass
    of the network, in a helper, or in the training loop; views and indexing in between do not matter. If it comes out
    of `log_softmax` throughout, nothing is wrong but the work is done twice: that is only advice. If some paths are
    normalised and others are not, the rule is silent.

    ## What it misses
    Losses written by hand, and predictions that pass through code that was not understood.

    ## How to silence
    Write `# dnnlint: ignore[softmax-before-cross-entropy]` behind the softmax, with the reason.

    ## Related
    `relu-on-regression-output`
    """

    code = "DNN401"
    level = Severity.ERROR
    message = "{activation} is applied to what `{loss}` receives"
    why = "The loss applies softmax itself: {effect}."
    mend = "Pass the raw scores to the loss; apply softmax only where probabilities are shown."

    def static(self, loss: LossCall) -> Findings:
        kinds = {operation.kind for operation in loss.last}
        if loss.kind not in SOFTMAX_LOSSES or not loss.known or len(kinds) != 1 or not kinds <= TWICE.keys():
            return
        (kind,) = kinds
        severity, effect = TWICE[kind]
        name = kind.replace("_", "-")
        for operation in loss.last:
            taken = ((loss.place, "the loss is taken here"),)
            yield self.at(
                operation.place, severity=severity, related=taken, activation=name, loss=loss.kind, effect=effect
            )
