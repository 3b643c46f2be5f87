"""DNN414: targets of a form that the loss does not take."""

from dnnlint.evidence.script import LossCall
from dnnlint.rule import Findings, Rule, Severity

CHOICES = frozenset({"CrossEntropyLoss", "NLLLoss", "NLLLoss2d"})
BINARY = frozenset({"BCELoss", "BCEWithLogitsLoss"})


class WrongTargetForm(Rule):
    """A loss on class indices receives something else, or a binary loss receives whole numbers.

    ## Why it hurts
    `CrossEntropyLoss` and `NLLLoss` want one whole number a sample, `BCELoss` and `BCEWithLogitsLoss` one real number
    an output, of the same shape as the prediction. Anything else stops the run at the first step, often with an error
    that names types rather than the cause (documentation of `torch.nn.CrossEntropyLoss` and `torch.nn.BCELoss`).

    ## How it decides
    Type, shape or origin of the target are known from source, followed through loaders, data sets, casts and changes of
    shape, and contradict the loss: one-hot rows of whole numbers (of any kind for `NLLLoss`), class indices or rows of
    numbers as floats (anything as floats for `NLLLoss`), a column of indices beside scores for several classes; for the
    binary losses whole numbers, or a row of targets beside a column of predictions. Soft targets and one-hot rows as
    floats are what `CrossEntropyLoss` takes since torch 1.10, so they are left alone.

    ## What it misses
    Targets of which neither type nor shape is known.

    ## How to silence
    Write `# dnnlint: ignore[wrong-target-form]` behind the call of the loss, with the reason.

    ## Related
    `swapped-loss-arguments`, `broadcast-in-loss`, `mse-on-classes`
    """

    code = "DNN414"
    level = Severity.ERROR
    message = "`{loss}` expects {wanted} as target and receives {what}"
    why = "The loss refuses them, or compares what does not belong together."
    mend = "{mend}."

    def static(self, loss: LossCall) -> Findings:
        fault = _choice(loss) if loss.kind in CHOICES else _binary(loss) if loss.kind in BINARY else None
        if fault is None or loss.given:
            return
        what, mend = fault
        wanted = "class indices" if loss.kind in CHOICES else "real numbers of the prediction's shape"
        yield self.at(
            loss.place,
            related=((loss.target.place, "the target is made here"),),
            loss=loss.kind,
            wanted=wanted,
            what=what,
            mend=mend,
        )


def _choice(loss: LossCall) -> tuple[str, str] | None:
    target, several = loss.target, (loss.extent.axes[-1:] or (None,))[0]
    if target.form == "one_hot" and (target.dtype == "int" or loss.kind != "CrossEntropyLoss"):
        return "one-hot rows", "Pass the class indices themselves, without `one_hot`"
    if target.dtype == "float" and loss.kind != "CrossEntropyLoss":
        return "real numbers", "Pass the class indices as whole numbers"
    classes = several is not None and several > 1
    if target.dtype == "float" and (target.form == "indices" or (target.extent.rank == 1 and classes)):
        return "real numbers", "Keep the class indices as whole numbers: `target.long()`"
    column = target.column or ((target.extent.rank or 0) > 1 and target.extent.axes[-1] == 1)
    if column and (classes or (loss.known and target.column and target.dtype == "float")):
        return "a column", "Give the target one axis less: `target.squeeze(1)`"
    return None


def _binary(loss: LossCall) -> tuple[str, str] | None:
    target, axes = loss.target, loss.extent.axes
    if target.dtype == "int":
        return "whole numbers", "Convert the target: `target.float()`"
    if target.extent.rank == 1 and target.extent.axes != (1,) and loss.extent.rank == 2 and axes[-1] is not None:
        mend = "`prediction.squeeze(1)` or `target.unsqueeze(1)`" if axes[-1] == 1 else "one-hot rows as floats"
        return (
            f"a row beside predictions of {axes[-1]} column{'s' if axes[-1] > 1 else ''}",
            f"Give both one shape: {mend}",
        )
    return None
