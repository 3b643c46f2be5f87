"""DNN505: a momentum that forgets nothing, or everything."""

from dnnlint.evidence.script import OptimizerSetting, Rate
from dnnlint.rule import Finding, Findings, Rule, Severity

ALL = 0.995  # a momentum above this averages over more than two hundred steps
LEAST_SECOND = 0.5  # below this, Adam's second moment follows single batches
SWAPPED = 0.05  # the second beta is not this much below the first one


class MomentumOutOfRange(Rule):
    """The momentum of an optimiser is outside the range in which it averages gradients.

    ## Why it hurts
    Momentum is the share of the last update that goes into the next. At 1 nothing is ever forgotten, so updates add
    up without bound and the loss diverges; just below, the network goes on in the direction of gradients hundreds
    of steps old. Usual are 0.5, 0.9 and 0.99 (Goodfellow, Bengio and Courville, "Deep Learning", 2016, section
    8.3.2). Adam's second coefficient averages squared gradients; a low one makes steps follow single batches, which
    happens when the two are swapped (Kingma and Ba, 2015).

    ## How it decides
    `momentum` of SGD or RMSprop is a known number that is negative or above 0.995; or the first of Adam's `betas`
    is above 0.995, the second below 0.5, or the second clearly below the first.

    ## What it misses
    Numbers that are not known, and momentum of normalisation layers, which means something else.

    ## How to silence
    Write `# dnnlint: ignore[momentum-out-of-range]` behind the number, with the reason.

    ## Related
    `learning-rate-too-high`
    """

    code = "DNN505"
    level = Severity.WARNING
    message = "`{optimizer}` is given {what} of {value:g}"
    why = "Gradients are averaged over far too many steps, or over none, so the updates go astray."
    mend = "Use {usual}."

    def static(self, setting: OptimizerSetting) -> Findings:
        momentum = setting.momentum
        if momentum is not None and (momentum.value < 0 or momentum.value > ALL):
            yield self._at(setting, momentum, "a momentum", "a momentum of 0.9")
        if setting.betas is not None:
            first, second = setting.betas
            if first.value < 0 or first.value > ALL:
                yield self._at(setting, first, "a first beta", "betas of (0.9, 0.999)")
            elif second.value < max(LEAST_SECOND, first.value - SWAPPED) or second.value >= 1:
                yield self._at(setting, second, "a second beta", "betas of (0.9, 0.999)")

    def _at(self, setting: OptimizerSetting, number: Rate, what: str, usual: str) -> Finding:
        related = ((setting.place, "the optimiser"),) if number.place != setting.place else ()
        evidence = {"measured": number.value, "threshold": ALL, "unit": "share of the last update"}
        return self.at(
            number.place,
            optimizer=setting.kind,
            what=what,
            value=number.value,
            usual=usual,
            related=related,
            evidence=evidence,
        )
