"""DNN201: a rectifier as the last word of a regression network."""

from dnnlint.evidence.script import LossCall, Operation
from dnnlint.evidence.trace import Prediction, Predictions
from dnnlint.evidence.vocabulary import RECTIFIERS, REGRESSION_LOSSES, WEIGHTED
from dnnlint.rule import Findings, Rule, Severity

BELOW = 0.02  # of the targets' range: less may be rounding or noise around zero


class ReluOnRegressionOutput(Rule):
    """A regression network ends in a rectifier, so it can predict no negative value.

    ## Why it hurts
    Negative targets are out of reach, and wherever the last layer falls below zero the output is exactly zero with
    zero gradient: such samples teach the network nothing, and an output unit that is negative on all of them is dead
    for good (Maas et al., *Rectifier Nonlinearities Improve Neural Network Acoustic Models*, 2013). The last
    activation has to fit the range of the targets: for real numbers, none.

    ## How it decides
    The loss is a regression loss (squared, absolute, Huber), called or written out as the mean of squared or absolute
    differences; everything that can reach its prediction is known and
    comes out of `relu` or `relu6`, applied to a layer with weights. Silent where the targets visibly cannot be
    negative (clamped, counts, pixels scaled to [0, 1]) and where prediction and target both come from networks, as in
    distillation and perceptual losses. `softplus` and leaky rectifiers are left alone. Reading cannot see the data, so
    this is a warning.
    In the run: the prediction was made by a rectifier, no value of it is negative, and targets lie below zero by more
    than 2 % of their range: an error.

    ## What it misses
    `sigmoid` and `tanh` before a regression loss are another matter.

    ## How to silence
    Where targets cannot be negative (depth, prices, ages), write `# dnnlint: ignore[relu-on-regression-output]`
    behind the activation, with the reason.

    ## Related
    `softmax-before-cross-entropy`
    """

    code = "DNN201"
    level = Severity.WARNING
    message = "the prediction that `{loss}` receives ends in {activation} and cannot be negative"
    measured = "what `{loss}` receives ends in {activation} and cannot be negative, but targets go down to {low:.3g}"
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

    def runtime(self, predictions: Predictions) -> Findings:
        said = set()
        for prediction in predictions.calls:
            call, target = prediction.call, prediction.target
            place = call.made or call.called
            if not _out_of_reach(prediction) or place in said:
                continue
            said.add(place)
            yield self.at(
                place,
                severity=Severity.ERROR,
                related=((call.called, "the loss is taken here"),),
                evidence={"measured": target.low, "threshold": 0.0, "unit": "lowest target"},
                loss=call.kind,
                activation=call.input_op,
                low=target.low,
            )


def _out_of_reach(prediction: Prediction) -> bool:
    call, target = prediction.call, prediction.target
    rectified = call.input_op in RECTIFIERS and prediction.input.low >= 0
    return (
        call.trains
        and call.kind in REGRESSION_LOSSES
        and rectified
        and target.finite
        and -target.low > BELOW * (target.high - target.low)
        and target.low < 0
    )


def _all(operations: tuple[Operation, ...], kinds: frozenset[str]) -> bool:
    return all(operation.kind in kinds for operation in operations)
