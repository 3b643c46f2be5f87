"""DNN501: a learning rate at which a network does not train."""

from dnnlint.evidence.script import OptimizerSetting
from dnnlint.rule import Findings, Rule, Severity

from ._rates import judged

HEAVY = 0.8  # momentum from which on the effective rate is several times the nominal one
HIGH_WITH_MOMENTUM = 1.0  # SGD; with momentum 0.9 steps are ten times as long in the end


class LearningRateTooHigh(Rule):
    """The learning rate is far above what the optimiser can train a network with.

    ## Why it hurts
    Each update overshoots, so the loss rises or jumps about, units die, and weights end as NaN. Adaptive optimisers
    move every weight by about the rate itself in each step, whatever the gradient: at 0.1 a few steps carry a
    weight across its whole range (Kingma and Ba, 2015; Karpathy, "A Recipe for Training Neural Networks", 2019:
    "Adam is safe at 3e-4").

    ## How it decides
    The rate is a known number, also through options, defaults and parameter groups, and reaches the limit of the
    optimiser's family: 0.05 for Adam and kin, 0.2 for RMSprop, 0.02 for Lion, 10 for SGD (1 with a momentum of 0.8
    or more), 10 for Adagrad. Warm-ups, schedules that set the rate themselves, rates set by hand in `param_groups`,
    networks with a single layer or a frozen part, optimisers of single tensors such as an image, and unit tests are
    left alone.

    ## What it misses
    Rates that are too high for one network and right for another; rates worked out from things that are not known.

    ## How to silence
    Write `# dnnlint: ignore[learning-rate-too-high]` behind the number, with the reason.

    ## Related
    `learning-rate-too-low`, `update-ratio`, `exploding-gradient`
    """

    code = "DNN501"
    level = Severity.WARNING
    message = "`{optimizer}` starts at a learning rate of {rate:g}, far above the usual {usual:g}"
    why = "Every update overshoots: the loss jumps or diverges, and units die."
    mend = "Start from {usual:g} or below and find the rate by steps of three."

    def static(self, setting: OptimizerSetting) -> Findings:
        if setting.frozen:
            return
        limit = setting.high
        if setting.family == "SGD" and setting.momentum is not None and setting.momentum.value >= HEAVY:
            limit = min(limit, HIGH_WITH_MOMENTUM)
        for rate in judged(setting):
            if rate.value >= limit:
                yield self.at(
                    rate.place,
                    optimizer=setting.kind,
                    rate=rate.value,
                    usual=setting.usual,
                    related=((setting.place, "the optimiser"),) if rate.place != setting.place else (),
                    evidence={"measured": rate.value, "threshold": limit, "unit": "learning rate"},
                )
                return
