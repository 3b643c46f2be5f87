"""DNN225: a view where axes had to be exchanged."""

from dnnlint.evidence.script import ScrambledView
from dnnlint.rule import Confidence, Findings, Rule, Severity


class ViewAsTranspose(Rule):
    """`view` or `reshape` is used to exchange axes, which it cannot do.

    ## Why it hurts
    `view` keeps the numbers in the order in which they lie in memory, and only cuts them anew. Where batch, time, heads
    or channels get another place in the shape, numbers of different samples or steps end up in one row. No error is
    raised, since the sizes fit, and the network learns from noise (documentation of `torch.Tensor.view` and
    `torch.permute`).

    ## How it decides
    The lengths of axes were read off the shape of a tensor (`b, t, c = x.shape`, `x.size(1)`) and are used to reshape
    it, or what became of it through activations, normalisation, layers over its last axis, `transpose` and `permute`.
    An axis that the old and the new shape share has other axes before or behind it in the new one: in a true view of
    the same numbers, it cannot. Or the final state of a recurrent layer with several layers or directions, which come
    first in it, is reshaped to one row a sample. Or all sizes are known, and the first axis of a sample (its channels)
    is the last of the new shape, or the other way round.

    ## What it misses
    Shapes whose numbers are not known, and tensors that went through other operations since their shape was read.

    ## How to silence
    Write `# dnnlint: ignore[view-as-transpose]` behind the call, with the reason.

    ## Related
    `shape-mismatch`
    """

    code = "DNN225"
    level = Severity.WARNING
    message = "`{name}` gives axes another order here, but leaves the numbers where they are"
    why = "Numbers of different samples, steps or channels are mixed up, and no error says so."
    mend = "Exchange axes with `transpose` or `permute`, and only then merge or split them with `reshape`."
    confidence = Confidence.MEDIUM

    def static(self, view: ScrambledView) -> Findings:
        yield self.at(view.place, name=view.name)
