"""DNN412: a backward pass from a loss of many values."""

from dnnlint.evidence.script import BackwardPass
from dnnlint.rule import Findings, Rule, Severity


class UnreducedLossBackward(Rule):
    """A loss with `reduction="none"` is back-propagated without being reduced to one number.

    ## Why it hurts
    A loss without reduction has one value per sample or element. `backward` starts from a single number only and
    raises "grad can be implicitly created only for scalar outputs" (documentation of `torch.Tensor.backward`).

    ## How it decides
    The tensor that `backward` is called on is known to come from a loss with `reduction="none"` (or `reduce=False`)
    through operations that keep every element: arithmetic, weights, masks, `GradScaler.scale`. Or a loss that is
    written out comes in this way from a convolution, a layer of several units, or one that is fed with the batches of a
    loader; a sum along the axis of the classes leaves one value a sample. A mean or a sum in between, one item taken
    out, or a gradient handed to `backward` is enough for silence.

    ## What it misses
    Losses of the project's own on the output of networks that are not known.

    ## How to silence
    Write `# dnnlint: ignore[unreduced-loss-backward]` behind the backward call, for instance where a batch is known to
    hold one element.

    ## Related
    `no-grad-in-training`, `unscaled-accumulation`
    """

    code = "DNN412"
    level = Severity.ERROR
    message = "{loss} without reduction is back-propagated as it is, one value for each element"
    why = "A backward pass starts from a single number; from many it raises an error."
    mend = "Reduce the loss first, with `.mean()` after weights and masks are applied."

    def static(self, backward: BackwardPass) -> Findings:
        if backward.unreduced is not None:
            yield self.at(
                backward.place,
                loss=f"`{backward.loss}`" if backward.loss != "the loss" else backward.loss,
                related=((backward.unreduced, "the loss is computed here"),),
            )
