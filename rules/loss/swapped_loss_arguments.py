"""DNN411: the target where the prediction belongs."""

from dnnlint.evidence.script import LossCall
from dnnlint.rule import Confidence, Findings, Rule, Severity

from ._sides import swapped

ONE_SIDED = frozenset({"CrossEntropyLoss", "NLLLoss", "NLLLoss2d", "BCELoss", "BCEWithLogitsLoss", "KLDivLoss"})


class SwappedLossArguments(Rule):
    """A loss that is not symmetric receives the labels first and the prediction second.

    ## Why it hurts
    In torch the prediction comes first. Swapped, cross-entropy fails on class indices, and on one-hot or binary labels
    it silently computes something else: the logarithm of the labels, weighted by the predictions (documentation of
    `torch.nn.CrossEntropyLoss` and `torch.nn.BCELoss`). Keras and scikit-learn have it the other way round.

    ## How it decides
    The first argument is data (a part of a batch, a tensor made from nothing, or something called labels or targets),
    and the second is what a network puts out, not detached. Symmetric losses (squared, absolute, Huber) are left alone.
    Where only its name tells that the first argument is data, the confidence is medium. A divergence (`KLDivLoss`)
    tells both sides by what they end in: probabilities (softmax, `exp`) first and logarithms (`log_softmax`, `log`)
    second are the wrong way round.

    ## What it misses
    Predictions that were reshaped by code that was not understood.

    ## How to silence
    Write `# dnnlint: ignore[swapped-loss-arguments]` behind the call of the loss, with the reason.

    ## Related
    `wrong-target-form`
    """

    code = "DNN411"
    level = Severity.WARNING
    message = "`{loss}` receives `{given}` where the prediction belongs, and the prediction where the target belongs"
    why = "The loss is not symmetric: swapped, it fails or measures something else."
    mend = "Put the prediction first: `loss(prediction, target)`."

    def static(self, loss: LossCall) -> Findings:
        if swapped(loss):
            yield self.at(loss.place, loss=loss.kind, given="the probabilities")
            return
        if loss.kind not in ONE_SIDED or not loss.given or (loss.kind == "KLDivLoss" and not loss.numbers):
            return
        sure = Confidence.HIGH if loss.numbers else Confidence.MEDIUM
        given = "the data" if loss.given == "..." else loss.given
        made = ((loss.target.place, "the prediction is made here"),)
        yield self.at(loss.place, confidence=sure, related=made, loss=loss.kind, given=given)
