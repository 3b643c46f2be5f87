"""DNN218: softmax along no axis in particular, or along the batch."""

from dnnlint.evidence.script import Softmax
from dnnlint.evidence.vocabulary import DENSE
from dnnlint.rule import Findings, Rule, Severity


class SoftmaxDimension(Rule):
    """Softmax has no dimension, or goes along the batch.

    ## Why it hurts
    Without `dim` torch guesses from the number of axes: 0 for one or three axes, 1 otherwise. On a batch of sequences
    that is the batch, and so is `dim=0` on any batch: the probabilities of one sample depend on the samples that happen
    to be beside it, and do not sum to one (documentation of `torch.nn.functional.softmax`; the guess is deprecated).

    ## How it decides
    A warning: a softmax, log-softmax or softmin, as layer or function, is written without `dim`. An error: it goes
    along axis 0, is the last operation before a loss, and the network that it ends is fed with batches of a loader or
    with tensors of more than one axis.

    ## What it misses
    A wrong axis other than the first, and axis 0 where no loss is taken of the result.

    ## How to silence
    Write `# dnnlint: ignore[softmax-dimension]` behind the softmax, with the reason.

    ## Related
    `single-unit-softmax`, `softmax-before-cross-entropy`
    """

    code = "DNN218"
    level = Severity.WARNING
    message = "{softmax} {fault}"
    why = "Normalised along the wrong axis, the probabilities of a sample depend on the others of its batch."
    mend = "Write the axis of the classes: `dim=-1`, or `dim=1` for maps."

    def static(self, softmax: Softmax) -> Findings:
        name = softmax.kind.replace("_", "-")
        if not softmax.written and softmax.taken is None:
            yield self.at(softmax.place, softmax=name, fault="has no dimension")
        along = softmax.dim == 0 and softmax.taken is not None and softmax.batch
        if along and softmax.feeder is not None and softmax.feeder.kind in DENSE:
            taken = ((softmax.taken, "the loss is taken here"),)
            yield self.at(
                softmax.place, severity=Severity.ERROR, related=taken, softmax=name, fault="goes along the batch"
            )
