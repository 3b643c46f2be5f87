"""DNN224: a choice among one class."""

from dnnlint.evidence.script import Extent, LossCall, Softmax
from dnnlint.rule import Confidence, Findings, Rule, Severity


class SingleUnitSoftmax(Rule):
    """Softmax or cross-entropy is taken over a single output unit.

    ## Why it hurts
    A softmax over one number is 1, whatever the number: the output is constant and its gradient zero. Cross-entropy
    over one class is 0 from the first step on, or fails on label 1 (documentation of `torch.nn.Softmax` and
    `torch.nn.CrossEntropyLoss`).

    ## How it decides
    The prediction of `CrossEntropyLoss` is known to come straight out of a layer with one unit, so that the axis of the
    classes has length one, or that axis was made by `unsqueeze(1)`; or softmax is applied along an axis that is known
    to have length one. Scores of one unit for each position of a sequence, over which attention takes a softmax, have
    another axis and are left alone.

    ## What it misses
    Widths that are not known from source.

    ## How to silence
    Write `# dnnlint: ignore[single-unit-softmax]` behind the line, with the reason.

    ## Related
    `softmax-dimension`, `wrong-target-form`
    """

    code = "DNN224"
    level = Severity.ERROR
    message = "{what} is taken over a single output unit"
    why = "Among one class there is nothing to choose: the result is constant and has no gradient."
    mend = "Use a sigmoid (`BCEWithLogitsLoss` on the raw score), or give the layer one unit for each class."

    def static(self, fact: LossCall | Softmax) -> Findings:
        if isinstance(fact, Softmax):
            yield from self._softmax(fact)
            return
        if fact.kind != "CrossEntropyLoss" or not fact.known or not fact.last or not _one_class(fact.extent):
            return
        if any(operation.layer is None or operation.layer.units != 1 for operation in fact.last):
            return
        sure = Confidence.MEDIUM if fact.extent.open else Confidence.HIGH
        for operation in fact.last:
            taken = ((fact.built, "the loss is made here"), (fact.place, "the loss is taken here"))
            place = operation.layer.built if operation.layer else operation.place
            yield self.at(place, confidence=sure, related=taken, what="`CrossEntropyLoss`")

    def _softmax(self, softmax: Softmax) -> Findings:
        alone = softmax.extent.axes[-1:] == (1,) and softmax.dim == -1
        last = softmax.taken is not None and softmax.dim in (1, -1) and softmax.feeder is not None
        layer = softmax.feeder.layer if softmax.feeder is not None else None
        if alone or (last and softmax.extent.axes in ((1,), (None, 1)) and layer is not None and layer.units == 1):
            made = ((layer.built if layer else None, "one unit"), (softmax.taken, "the loss is taken here"))
            yield self.at(softmax.place, related=made, what=f"`{softmax.kind}`")


def _one_class(extent: Extent) -> bool:
    """Whether the axis of the classes, the second one, has length one."""
    if extent.open:
        return extent.axes == (1,)
    return len(extent.axes) > 1 and extent.axes[1] == 1
