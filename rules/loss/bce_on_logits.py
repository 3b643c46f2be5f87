"""DNN404: raw scores where probabilities are expected."""

from dnnlint.evidence.script import LossCall
from dnnlint.evidence.trace import Prediction, Predictions
from dnnlint.evidence.vocabulary import DENSE, LOG_PROBABILITIES, RECTIFIER_LIKE, RECTIFIERS
from dnnlint.rule import Findings, Rule, Severity

SLACK = 1e-4  # rounding in half precision
UNBOUNDED = DENSE | RECTIFIERS | RECTIFIER_LIKE | LOG_PROBABILITIES | {"tanh", "batchnorm"}


class BceOnLogits(Rule):
    """Binary cross-entropy, which expects probabilities, receives raw scores.

    ## Why it hurts
    `BCELoss` takes the logarithm of its input and of one minus it. On a CPU it refuses values outside [0, 1]; on a GPU
    the check is a device assertion that kills the process at some later call. Scores that happen to lie inside are read
    as probabilities that they are not, until one step carries them out (documentation of `torch.nn.BCELoss`).

    ## How it decides
    Everything that can reach the first argument of `BCELoss` is known and comes straight out of a linear or
    convolutional layer, or of an activation that leaves [0, 1]: a rectifier, tanh, a logarithm. Views and indexing in
    between do not matter. The finding stands where the loss is made.
    In the run: an input of `BCELoss` lies outside [0, 1], or it is the direct output of a linear or convolutional
    layer in a loss call that is trained on.

    ## What it misses
    Losses written by hand; in the run, activations other than the sigmoid whose results happen to stay within [0, 1].

    ## How to silence
    Write `# dnnlint: ignore[bce-on-logits]` behind the call of the loss, with the reason.

    ## Related
    `sigmoid-before-bce-with-logits`, `softmax-before-cross-entropy`
    """

    code = "DNN404"
    level = Severity.ERROR
    message = "`{loss}` expects probabilities and receives {what}"
    measured = "`{loss}` expects probabilities and receives {what}: values from {low:.3g} to {high:.3g}"
    why = "The loss takes logarithms of probabilities, so raw scores crash it or are read as what they are not."
    mend = "Use `BCEWithLogitsLoss` on the raw scores, which is also more exact, or apply a sigmoid first."

    def static(self, loss: LossCall) -> Findings:
        kinds = {operation.kind for operation in loss.last}
        if loss.kind != "BCELoss" or not loss.known or not kinds or not kinds <= UNBOUNDED or loss.given:
            return
        scores = tuple((operation.place, "the scores come from here") for operation in loss.last)
        taken = (loss.place if loss.built else None, "the loss is taken here")
        what = "raw scores" if kinds <= DENSE else f"the result of {' or '.join(sorted(kinds - DENSE))}"
        yield self.at(loss.built or loss.place, related=(taken, *scores), loss=loss.kind, what=what)

    def runtime(self, predictions: Predictions) -> Findings:
        said = set()
        for prediction in predictions.calls:
            call = prediction.call
            if call.kind != "BCELoss" or call.called in said or not (_outside(prediction) or _raw(prediction)):
                continue
            said.add(call.called)
            yield self.at(
                call.called,
                related=((call.made, "the scores come from here"),),
                evidence={"measured": _worst(prediction), "threshold": 1.0, "unit": "input"},
                loss=call.kind,
                what="raw scores" if _raw(prediction) else "something else",
                low=prediction.input.low,
                high=prediction.input.high,
            )


def _outside(prediction: Prediction) -> bool:
    return prediction.input.low < -SLACK or prediction.input.high > 1 + SLACK


def _raw(prediction: Prediction) -> bool:
    return prediction.call.trains and prediction.call.input_op in DENSE


def _worst(prediction: Prediction) -> float:
    """The value farthest from [0, 1]."""
    given = prediction.input
    return given.low if -given.low > given.high - 1 else given.high
