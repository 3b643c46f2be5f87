"""DNN202: targets that the last activation cannot reach."""

from dnnlint.evidence.script import LossCall
from dnnlint.evidence.vocabulary import REGRESSION_LOSSES
from dnnlint.rule import Findings, Rule, Severity

RANGES = {
    **dict.fromkeys(("sigmoid", "hardsigmoid", "softmax", "softmin"), (0.0, 1.0)),
    **dict.fromkeys(("tanh", "hardtanh", "softsign"), (-1.0, 1.0)),
}


class OutputRangeMismatch(Rule):
    """The last activation bounds the prediction, and targets lie outside of these bounds.

    ## Why it hurts
    A sigmoid never leaves [0, 1], a tanh never [-1, 1]. Targets beyond are out of reach: the network drives the last
    layer towards infinity, where the activation is flat and no gradient comes back. The last activation has to fit the
    range of the targets (Bishop, *Neural Networks for Pattern Recognition*, 1995, section 6.6).

    ## How it decides
    The loss is a regression loss or `BCELoss`; everything that can reach its prediction is known and comes out of
    a bounded activation; and the target is known to lie outside: drawn from a normal distribution or a wider range,
    written out in numbers, computed from such, or pictures that a transform normalises around zero while the
    network ends in a sigmoid.

    ## What it misses
    Targets that are read from files: their range shows only in a run.

    ## How to silence
    Write `# dnnlint: ignore[output-range-mismatch]` behind the activation, with the reason.

    ## Related
    `relu-on-regression-output`, `bce-on-logits`
    """

    code = "DNN202"
    level = Severity.WARNING
    message = "the prediction that `{loss}` receives ends in {activation}, but targets go from {ends}"
    why = "Targets outside of the activation's range are out of reach, and trying to reach them saturates it."
    mend = "Drop the last activation, or scale the targets into its range."

    def static(self, loss: LossCall) -> Findings:
        reach = loss.target.reach
        kinds = {operation.kind for operation in loss.last}
        if reach is None or not loss.known or loss.embedding or not kinds or not kinds <= RANGES.keys():
            return
        if loss.kind not in REGRESSION_LOSSES | {"BCELoss"}:
            return
        for operation in loss.last:
            low, high = RANGES[operation.kind]
            if reach[0] < low or reach[1] > high:
                taken = ((loss.place, "the loss is taken here"),)
                ends = f"{reach[0]:g} to {reach[1]:g}"
                yield self.at(operation.place, related=taken, loss=loss.kind, activation=operation.kind, ends=ends)
