"""DNN410: prediction and target of different shapes, made to fit by broadcasting."""

from itertools import zip_longest
from math import prod

from dnnlint.evidence.trace import LossCall, Losses
from dnnlint.rule import Findings, Rule, Severity

ELEMENTWISE = frozenset({"MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "PoissonNLLLoss"})


class BroadcastInLoss(Rule):
    """Prediction and target of an element-wise loss differ in shape, and broadcasting compares each with all.

    ## Why it hurts
    A prediction of shape (N, 1) and a target of shape (N) become two N by N matrices: the loss compares every
    prediction with every target, its minimum is the mean of all targets, and that is what the network learns. torch
    only warns, once (documentation of `torch.nn.MSELoss` and of broadcasting semantics).

    ## How it decides
    In the run: the two operands of a squared, absolute or Huber loss have different numbers of axes, and the result
    has more elements than either of them. Operands with the same number of axes, as in all pairwise distances, are
    reported as a warning if the loss is reduced, and are left alone if it is not. One target for all
    predictions (a single number, a row) is left alone.

    ## What it misses
    Losses written by hand, and targets that are repeated along one axis only.

    ## How to silence
    Where all pairs are meant, write `# dnnlint: ignore[broadcast-in-loss]` behind the call of the loss, with the
    reason.

    ## Related
    `relu-on-regression-output`
    """

    code = "DNN410"
    level = Severity.ERROR
    message = "`{loss}` compares a prediction of shape {input} with a target of shape {target}: {pairs} differences"
    why = "Every prediction is compared with every target, so the network learns the mean of all targets."
    mend = "Give both the same shape: `prediction.squeeze(-1)` or `target.unsqueeze(-1)`."

    def runtime(self, losses: Losses) -> Findings:
        said = set()
        for call in losses.calls:
            pairs = _pairs(call)
            larger = max(prod(call.input_shape), prod(call.target_shape))
            meant = len(call.input_shape) == len(call.target_shape)
            if pairs <= larger or call.called in said or (meant and call.reduction == "none"):
                continue
            said.add(call.called)
            yield self.at(
                call.called,
                severity=Severity.WARNING if meant else Severity.ERROR,
                evidence={"measured": pairs, "threshold": larger, "unit": "differences"},
                loss=call.kind,
                input=call.input_shape,
                target=call.target_shape,
                pairs=pairs,
            )


def _pairs(call: LossCall) -> int:
    """Elements of the broadcast result; 0 where the loss does not broadcast."""
    if call.kind not in ELEMENTWISE:
        return 0
    axes = zip_longest(reversed(call.input_shape), reversed(call.target_shape), fillvalue=1)
    return prod(map(max, axes))
