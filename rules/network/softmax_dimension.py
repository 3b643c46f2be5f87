"""DNN218: softmax along no axis in particular, or along the batch."""

from dnnlint.evidence.script import Softmax, StraySoftmax
from dnnlint.evidence.vocabulary import DENSE
from dnnlint.rule import Confidence, Findings, Rule, Severity


class SoftmaxDimension(Rule):
    """Softmax has no dimension, or goes along the batch.

    ## Why it hurts
    Without `dim` torch guesses from the number of axes: 0 for one or three axes, 1 otherwise. On a batch of sequences
    that is the batch, and so is `dim=0` on any batch: the probabilities of one sample depend on the samples that happen
    to be beside it, and do not sum to one (documentation of `torch.nn.functional.softmax`; the guess is deprecated).

    ## How it decides
    A warning: a softmax, log-softmax or softmin, as layer or function, is written without `dim`. An error: it goes
    along axis 0, is the last operation before a loss, and the network that it ends is fed with batches of a loader or
    with tensors of more than one axis. Inside a network, by the number of axes that its operations make known: it goes
    along axis 0 of what `bmm`, a product of queries and keys, or a recurrent layer with `batch_first=True` puts out; a
    log-softmax of scores of classes goes along another axis than theirs; or the scores of an attention are normalised
    along one axis, and the shares are then summed over another (`softmax(scores, dim=1) @ values` with four axes).

    ## What it misses
    Wrong axes where the number of axes is not known, and assignments to clusters, which need not sum to one.

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

    def static(self, softmax: Softmax | StraySoftmax) -> Findings:
        name = softmax.kind.replace("_", "-")
        if isinstance(softmax, StraySoftmax):
            related = ((softmax.used, "its shares are summed here"),)
            fault = _FAULTS[softmax.how]
            yield self.at(softmax.place, confidence=Confidence.MEDIUM, related=related, softmax=name, fault=fault)
            return
        if not softmax.written and softmax.taken is None:
            yield self.at(softmax.place, softmax=name, fault="has no dimension")
        along = softmax.dim == 0 and softmax.taken is not None and softmax.batch
        if along and softmax.feeder is not None and softmax.feeder.kind in DENSE:
            taken = ((softmax.taken, "the loss is taken here"),)
            yield self.at(
                softmax.place, severity=Severity.ERROR, related=taken, softmax=name, fault="goes along the batch"
            )


_FAULTS = {
    "batch": "goes along the batch",
    "beside": "does not go along the axis of the classes",
    "summed": "goes along one axis, and its shares are summed over another",
}
