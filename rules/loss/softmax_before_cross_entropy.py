"""DNN401: softmax applied twice, once before and once inside the loss."""

from dnnlint.evidence.script import LossCall
from dnnlint.evidence.trace import Prediction, Predictions
from dnnlint.evidence.vocabulary import DISTRIBUTIONS, SOFTMAX_LOSSES
from dnnlint.rule import Findings, Rule, Severity

CLOSE = 1e-3
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
    In the run: the input of a loss call that is trained on was made by softmax; or, wherever it was made, on
    two batches or more all of it lies in [0, 1] and every row sums to 1 within a thousandth, which raw scores never do.

    ## What it misses
    Losses written by hand, and, when reading, predictions that pass through code that was not understood.

    ## How to silence
    Write `# dnnlint: ignore[softmax-before-cross-entropy]` behind the softmax, with the reason.

    ## Related
    `relu-on-regression-output`
    """

    code = "DNN401"
    level = Severity.ERROR
    message = "{activation} is applied to what `{loss}` receives"
    measured = "`{loss}` receives {what}: rows sum to between {low:.3f} and {high:.3f}"
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

    def runtime(self, predictions: Predictions) -> Findings:
        trained = [entry for entry in predictions.calls if entry.call.trains and entry.call.kind in SOFTMAX_LOSSES]
        said = set()
        for called in dict.fromkeys(entry.call.called for entry in trained):
            alike = [entry for entry in trained if entry.call.called == called]
            entry = next((entry for entry in alike if entry.call.made), alike[0])
            call, kind = entry.call, _activation(entry, alike)
            place = call.made or called
            if not kind or place in said:
                continue
            said.add(place)
            severity, effect = TWICE[kind]
            low, high = entry.row_sum or (entry.input.low, entry.input.high)
            yield self.at(
                place,
                severity=severity,
                related=((called, "the loss is taken here"),),
                evidence={"measured": high, "threshold": 1.0, "unit": "sum of a row"},
                loss=call.kind,
                what=f"the result of {kind.replace('_', '-')}"
                if call.input_op in {kind, *DISTRIBUTIONS}
                else "probabilities",
                low=low,
                high=high,
                effect=effect,
            )


def _activation(entry: Prediction, alike: list[Prediction]) -> str:
    """What was applied to the input: as an operation that was seen, or as the mark that it left on the values."""
    if entry.call.input_op in DISTRIBUTIONS:
        return "softmax"
    if entry.call.input_op == "log_softmax":
        return "log_softmax"
    return "softmax" if len(alike) > 1 and all(map(_sums_to_one, alike)) else ""


def _sums_to_one(entry: Prediction) -> bool:
    low, high = entry.row_sum or (0.0, 0.0)
    within = entry.input.low >= 0 and entry.input.high <= 1 + CLOSE
    return within and abs(low - 1) <= CLOSE and abs(high - 1) <= CLOSE and (entry.call.classes or 0) > 1
