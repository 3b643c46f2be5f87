"""DNN603: dropout that evaluation mode does not switch off."""

from dnnlint.evidence.script import FreshDropout
from dnnlint.rule import Findings, Rule, Severity

_WHAT = {
    "function": "`{name}` is called without `training`",
    "rate": "`{name}` is given a dropout rate that does not depend on the mode",
    "built": "`{name}` is built in each forward pass",
}


class DropoutAlwaysOn(Rule):
    """Dropout in a forward pass stays on when the network is evaluated.

    ## Why it hurts
    Dropout belongs to training; when testing, all units take part (Srivastava et al., *Dropout: A Simple Way to
    Prevent Neural Networks from Overfitting*, 2014). `F.dropout` has no mode of its own: its argument `training` is
    true unless it is given. A `nn.Dropout` that is built in the forward pass is always in training mode. Both ignore
    `eval()`, so validation scores and predictions are random and too low.

    ## How it decides
    A function of the `F.dropout` family, whose default is to drop, is called inside a network without its argument
    `training`; or a dropout layer is built there; or `F.scaled_dot_product_attention` is given a rate (`dropout_p`)
    that is a number or an attribute such as `self.dropout`. Silent where the call stands under a test of the mode,
    where the rate depends on it, and where `training=True` is written out or names speak of Monte Carlo dropout.

    ## What it misses
    `training=True` by mistake, and functions outside of networks.

    ## How to silence
    Where predictions are meant to vary, write `training=True`, or `# dnnlint: ignore[dropout-always-on]` behind the
    call, with the reason.

    ## Related
    `evaluation-in-training-mode`, `module-built-in-forward`
    """

    code = "DNN603"
    level = Severity.ERROR
    message = "{what}, so `eval()` does not switch it off"
    why = "Units are still dropped during validation and prediction, which makes the results random and worse."
    mend = (
        "Pass `training=self.training`, or `p if self.training else 0.0` where only a rate can be given, or build one "
        "`nn.Dropout` in `__init__` and call that."
    )

    def static(self, dropout: FreshDropout) -> Findings:
        yield self.at(dropout.place, what=_WHAT[dropout.how].format(name=dropout.name))
