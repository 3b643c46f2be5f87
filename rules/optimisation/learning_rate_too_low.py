"""DNN502: a learning rate at which nothing is learned."""

from dnnlint.evidence.script import OptimizerSetting
from dnnlint.rule import Findings, Rule, Severity

from ._rates import judged

FROM_SCRATCH = 10  # times the limit, where nothing is fine-tuned


class LearningRateTooLow(Rule):
    """The learning rate is so low that the optimiser leaves the network as it is.

    ## Why it hurts
    The weights hardly move, so the loss stays where it starts, or falls so slowly that training ends before
    anything is learned. In half precision such updates are lost in rounding altogether (Goodfellow, Bengio and
    Courville, "Deep Learning", 2016, section 11.4.1: the rate is the one hyper-parameter to get right).

    ## How it decides
    The rate is a known number, also through options, defaults and parameter groups, and stays at or below the limit
    of the optimiser's family: 1e-7 for Adam, RMSprop and SGD, 1e-8 for Lion, 1e-6 for Adagrad, 1e-5 for Adadelta;
    ten times that where the network is known layer by layer and no weights are loaded into it; or it is zero.
    Warm-ups, schedules that set the rate themselves, rates set by hand in `param_groups`, groups with a rate of
    zero, SGD on losses that are summed rather than averaged, networks with a single layer (whose data may not be
    scaled), and unit tests are left alone.

    ## What it misses
    Rates that are too low for one network and right for another.

    ## How to silence
    Write `# dnnlint: ignore[learning-rate-too-low]` behind the number, with the reason.

    ## Related
    `learning-rate-too-high`, `update-ratio`, `unchanged-parameter`
    """

    code = "DNN502"
    level = Severity.WARNING
    message = "`{optimizer}` trains at a learning rate of {rate:g}, far below the usual {usual:g}"
    why = "The weights hardly move, so training ends before anything is learned."
    mend = "Start from {usual:g} and go down by steps of three only if the loss jumps."

    def static(self, setting: OptimizerSetting) -> Findings:
        found = list(judged(setting))
        limit = setting.low * (FROM_SCRATCH if setting.scratch else 1)
        for rate in found:
            frozen = rate.value == 0 and len(found) > 1
            scaled = setting.family == "SGD" and setting.summed and rate.value > 0
            if 0 <= rate.value <= limit and not frozen and not scaled:
                yield self.at(
                    rate.place,
                    optimizer=setting.kind,
                    rate=rate.value,
                    usual=setting.usual,
                    related=((setting.place, "the optimiser"),) if rate.place != setting.place else (),
                    evidence={"measured": rate.value, "threshold": limit, "unit": "learning rate"},
                )
                return
