"""DNN410: prediction and target of different shapes, made to fit by broadcasting."""

from itertools import zip_longest
from math import prod

from dnnlint.evidence import script
from dnnlint.evidence.trace import LossCall, Losses
from dnnlint.rule import Confidence, Findings, Rule, Severity

ELEMENTWISE = frozenset({"MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "PoissonNLLLoss"})


class BroadcastInLoss(Rule):
    """Prediction and target of an element-wise loss differ in shape, and broadcasting compares each with all.

    ## Why it hurts
    A prediction of shape (N, 1) and a target of shape (N) become two N by N matrices: the loss compares every
    prediction with every target, its minimum is the mean of all targets, and that is what the network learns. torch
    only warns, once (documentation of `torch.nn.MSELoss` and of broadcasting semantics).

    ## How it decides
    The shapes of both operands are known from source as far as it matters: one ends in an axis of length one, by a
    layer with a single unit or a change of shape, and the other has just the axis of the samples. Shapes are followed
    through loaders, data sets, layers and changes of shape; a length that is not known is not guessed. A mean of
    squared or absolute differences that is written out is read like the loss it is. Where a target is worked out (a
    reward plus the best of the next scores), a row among its parts beside a column is enough. In the run: the two
    operands of a squared, absolute or Huber loss have different numbers of axes, and the result has more elements than
    either of them. Operands with the same number of axes, as in all pairwise distances, are reported as a warning if
    the loss is reduced, and are left alone if it is not. One target for all predictions (a single number, a row) is
    left alone.

    ## What it misses
    In the run, losses written by hand; targets that are repeated along one axis only.

    ## How to silence
    Where all pairs are meant, write `# dnnlint: ignore[broadcast-in-loss]` behind the call of the loss, with the
    reason.

    ## Related
    `relu-on-regression-output`
    """

    code = "DNN410"
    level = Severity.ERROR
    message = "`{loss}` compares a prediction of shape {input} with a target of shape {target}"
    measured = "`{loss}` compares a prediction of shape {input} with a target of shape {target}: {pairs} differences"
    why = "Every prediction is compared with every target, so the network learns the mean of all targets."
    mend = "Give both the same shape: `prediction.squeeze(-1)` or `target.unsqueeze(-1)`."

    def static(self, loss: script.LossCall) -> Findings:
        certain = _spread(loss.extent, loss.target.extent)
        if loss.kind not in ELEMENTWISE | {"difference"} or not (certain or loss.spread):
            return
        yield self.at(
            loss.place,
            confidence=Confidence.MEDIUM if loss.extent.open or not certain else Confidence.HIGH,
            related=((loss.target.place, "the target is made here"),),
            loss=loss.kind if loss.built or loss.kind in ELEMENTWISE else "-",
            input=_worded(loss.extent) if certain or loss.extent.axes else "(N, 1)",
            target=_worded(loss.target.extent) if certain or loss.target.extent.axes else "(N,) or (N, N)",
        )

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


def _spread(one: script.Extent, other: script.Extent) -> bool:
    """Whether a column meets a row, so that every pair is compared."""
    if other.open and other.axes[-1:] == (1,):
        one, other = other, one
    if one.open:
        return one.axes == (1,) and other.rank == 1 and other.axes != (1,)
    if not other.open and len(other.axes) > len(one.axes):
        one, other = other, one
    if other.rank != 1 or other.axes == (1,) or one.rank != 2:
        return False
    column, rows = one.axes[1] == 1, one.axes[0] != 1
    wide = one.axes[1] is not None and one.axes[1] != other.axes[0] and one.axes[0] is None and other.axes[0] is None
    return rows and (column or wide)


def _worded(extent: script.Extent) -> str:
    """A shape in brackets: N stands for a length that is not known."""
    axes = ["N" if axis is None else str(axis) for axis in extent.axes]
    return f"({', '.join(['...', *axes] if extent.open else axes)}{',' if len(axes) == 1 and not extent.open else ''})"


def _pairs(call: LossCall) -> int:
    """Elements of the broadcast result; 0 where the loss does not broadcast."""
    if call.kind not in ELEMENTWISE:
        return 0
    axes = zip_longest(reversed(call.input_shape), reversed(call.target_shape), fillvalue=1)
    return prod(map(max, axes))
