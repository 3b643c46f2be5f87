"""DNN406: a formula that overflows or takes the logarithm of zero, where torch has a stable one."""

from dnnlint.evidence.script import Unstable
from dnnlint.rule import Findings, Rule, Severity


class UnstableLogOrExp(Rule):
    """A logarithm is taken of a softmax or sigmoid, or a softmax is written out with exp.

    ## Why it hurts
    In single precision a softmax or sigmoid is exactly 0 once its input lies about 104 below the others: the logarithm
    is minus infinity, the gradient NaN, and the next step spreads it over all weights. `exp(x)` overflows from 89 on.
    The fused forms subtract the maximum first and never leave the range (documentation of
    `torch.nn.functional.log_softmax`; Goodfellow et al., *Deep Learning*, 2016, section 4.1).

    ## How it decides
    The argument of `log` is known and is nothing but the result of softmax, sigmoid, ReLU or one minus a sigmoid; or
    `exp(x)` is divided by its own sum while nothing was subtracted from x. An epsilon that is added, a clamp, or any
    other operation in between is taken as care, and the rule is silent.

    ## What it misses
    Other logarithms, roots and divisions close to zero: their range cannot be read from source.

    ## How to silence
    Where the range is known to be safe, write `# dnnlint: ignore[unstable-log-or-exp]` behind the line, with the
    reason.

    ## Related
    `non-finite-value`, `nll-without-log-softmax`
    """

    code = "DNN406"
    level = Severity.WARNING
    message = "`{formula}` is not stable"
    why = "It becomes infinite or NaN as soon as the network is sure of something, and takes the weights with it."
    mend = "Write `{stable}` on the raw scores instead."

    def static(self, unstable: Unstable) -> Findings:
        related = ((unstable.inner, "applied here"),)
        yield self.at(unstable.place, related=related, formula=unstable.formula, stable=unstable.stable)
