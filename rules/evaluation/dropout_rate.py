"""DNN707: dropout rates that are none, or the share to keep."""

from dnnlint.evidence.script import DropoutRate as Rate
from dnnlint.rule import Confidence, Findings, Rule, Severity


class DropoutRate(Rule):
    """The rate of a dropout is no probability, or silences nearly everything.

    ## Why it hurts
    `nn.Dropout(p)` takes the share of units that are *silenced*; TensorFlow 1 and many papers give the share that is
    *kept*. With the two confused, `p=0.9` leaves one unit in ten, and the network hardly learns. A rate of 1 silences
    everything, and one outside of [0, 1] is refused when the layer is built (Srivastava et al., *Dropout*, 2014, who
    keep 0.5 of the hidden and 0.8 of the input units; documentation of `torch.nn.Dropout`).

    ## How it decides
    The rate is a known number: outside of [0, 1) it is an error, above 0.8 a warning. Rates by the name of `keep_prob`
    and the like are a warning, unless they are known to be at most 0.5. Functions (`F.dropout`) and the `dropout` of
    recurrent, attention and transformer layers count as well.

    ## What it misses
    Rates that are not known from the source, and dropouts written by hand.

    ## How to silence
    Where nearly everything shall be silenced, write `# dnnlint: ignore[dropout-rate]` behind the layer.

    ## Related
    `evaluation-in-training-mode`
    """

    code = "DNN707"
    level = Severity.WARNING
    message = "`{layer}` gets {rate}"
    why = "The argument is the share of units that are silenced, so too little is left to learn from."
    mend = "Give the share to silence, usually 0.1 to 0.5; a share to keep becomes `1 - keep_prob`."
    confidence = Confidence.MEDIUM

    def static(self, rate: Rate) -> Findings:
        if rate.rate is not None and not 0 <= rate.rate < 1:
            sure, level = Confidence.HIGH, Severity.ERROR
        else:
            sure, level = Confidence.MEDIUM, Severity.WARNING
        known = f"a rate of {rate.rate:g}" if rate.rate is not None else "a rate"
        said = f"{known} called `{rate.keep}`" if rate.keep else known
        yield self.at(
            rate.place,
            confidence=sure,
            severity=level,
            layer=rate.layer,
            rate=said,
            evidence={"measured": rate.rate, "threshold": 0.8, "unit": "share silenced"},
        )
