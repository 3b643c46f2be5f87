"""DNN403: the sigmoid applied twice, once before and once inside the loss."""

from dnnlint.evidence.script import LossCall
from dnnlint.evidence.trace import Prediction, Predictions
from dnnlint.evidence.vocabulary import PROBABILITIES, SIGMOID_LOSSES
from dnnlint.rule import Findings, Rule, Severity


class SigmoidBeforeBceWithLogits(Rule):
    """A prediction goes through a sigmoid and then into a loss that applies the sigmoid itself.

    ## Why it hurts
    `BCEWithLogitsLoss` expects raw scores. The sigmoid of a probability lies between 0.5 and 0.73: the loss of a
    negative sample cannot fall below log 2 = 0.69, that of a positive one not below 0.31, and the gradients shrink to
    a fraction. Training looks alive and stays poor (documentation of `torch.nn.BCEWithLogitsLoss`; Zhang et al.,
    *AutoTrainer*, 2021, for the mismatch of loss and last activation).

    ## How it decides
    Everything that can reach the first argument of the loss is known and comes out of a sigmoid or softmax, in the
    forward pass of the network, in a helper, or in the training loop; views and indexing in between do not matter. If
    one path is raw, the rule is silent. The finding stands at the sigmoid.
    In the run: a loss call that is trained on receives the result of a sigmoid or softmax, seen as operation. That the
    values lie in [0, 1] is not enough, because raw scores of a young network do so too.

    ## What it misses
    Sigmoids written by hand, and losses written by hand that take the sigmoid inside.

    ## How to silence
    Write `# dnnlint: ignore[sigmoid-before-bce-with-logits]` behind the call of the loss, with the reason.

    ## Related
    `bce-on-logits`, `softmax-before-cross-entropy`
    """

    code = "DNN403"
    level = Severity.ERROR
    message = "{activation} is applied to what `{loss}` receives"
    measured = "`{loss}` receives the result of {activation}: values from {low:.3g} to {high:.3g}"
    why = "The loss applies the sigmoid itself; applied twice it keeps the loss high and the gradients small."
    mend = "Pass the raw scores to the loss; apply the sigmoid only where probabilities are shown."

    def static(self, loss: LossCall) -> Findings:
        kinds = {operation.kind for operation in loss.last}
        if loss.kind not in SIGMOID_LOSSES or not loss.known or not kinds or not kinds <= PROBABILITIES:
            return
        for operation in loss.last:
            taken = ((loss.built, "the loss is made here"), (loss.place, "the loss is taken here"))
            yield self.at(operation.place, related=taken, loss=loss.kind, activation=operation.kind)

    def runtime(self, predictions: Predictions) -> Findings:
        said = set()
        for prediction in predictions.calls:
            call = prediction.call
            if not _squashed(prediction) or call.called in said:
                continue
            said.add(call.called)
            yield self.at(
                call.called,
                related=((call.made, f"{call.input_op} is applied here"),),
                evidence={"measured": prediction.input.high, "threshold": 1.0, "unit": "largest input"},
                loss=call.kind,
                activation=call.input_op,
                low=prediction.input.low,
                high=prediction.input.high,
            )


def _squashed(prediction: Prediction) -> bool:
    call = prediction.call
    return call.trains and call.kind in SIGMOID_LOSSES and call.input_op in PROBABILITIES
