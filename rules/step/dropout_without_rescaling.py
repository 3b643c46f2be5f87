"""DNN605: dropout by hand that does not scale up what it leaves."""

from dnnlint.evidence.script import MaskedOut
from dnnlint.rule import Confidence, Findings, Rule, Severity


class DropoutWithoutRescaling(Rule):
    """A random mask drops hidden units, and the others are not divided by the share that is kept.

    ## Why it hurts
    With a share p of the units dropped, what the next layer receives is on average 1 - p of what it receives when
    nothing is dropped. The network is trained on the smaller sums and evaluated on the larger ones, so its outputs are
    off by a factor. Dividing by 1 - p in training makes the averages equal, as `nn.Dropout` does (Srivastava et al.,
    *Dropout: A Simple Way to Prevent Neural Networks from Overfitting*, 2014, section 10).

    ## How it decides
    A tensor is multiplied by a mask that a comparison with uniform random numbers or a Bernoulli draw made; it comes
    straight out of a layer or an activation, or the function or class around is called after dropout. Nothing divides
    or multiplies the mask, the tensor or their product by a number, which would be the scaling, in training or (the
    older way) in evaluation. Masks on inputs, as of denoising autoencoders, are another matter.

    ## What it misses
    Masks made with NumPy, written by index, or applied by `masked_fill`.

    ## How to silence
    Write `# dnnlint: ignore[dropout-without-rescaling]` behind the product, with the reason.

    ## Related
    `dropout-always-on`
    """

    code = "DNN605"
    level = Severity.WARNING
    message = "units are dropped by a random mask, and those that are left are not scaled up"
    why = "Sums are smaller in training than in evaluation, so the network is evaluated on values it never saw."
    mend = "Divide the product by the share that is kept, `1 - p`, or use `nn.Dropout`."
    confidence = Confidence.MEDIUM

    def static(self, masked: MaskedOut) -> Findings:
        yield self.at(masked.place, related=((masked.mask, "the mask"),))
