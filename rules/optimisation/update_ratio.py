"""DNN522: steps that are far too large or far too small for the weights."""

from statistics import median

from dnnlint.evidence.trace import OptimizerInfo, ParameterUpdates, Run, Updates
from dnnlint.rule import Findings, Rule, Severity

from ._flow import TINY, is_matrix, ratios_of, size

LARGE, WILD = 0.3, 1.0
STILL_LARGE = 0.1  # of the median step, as the weights grow under steps that are too large
UNCORRECTED = {"RMSprop": 5.0}  # first steps over later ones: 10 at the first, 4.5 at the fifth, for alpha 0.99
SMALL = 1e-6
SMALL_ADAPTIVE = 2.5e-5  # of optimisers whose step does not depend on the gradient's size, on weights that are new
ADAPTIVE = frozenset({"Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Lion"})
OTHERWISE = frozenset({"LBFGS", "Rprop"})  # find their step length themselves


class UpdateRatio(Rule):
    """A step changes the weights by a fraction of their size that is far too large or far too small.

    ## Why it hurts
    The norm of the update over the norm of the weights says what a learning rate means for this network. About 1e-3 is
    healthy; near 1 each step replaces what the weights were, and the loss jumps about or diverges; at 1e-6 a
    million steps are needed to change anything (Bengio, *Practical Recommendations for Gradient-Based Training of Deep
    Architectures*, 2012; A. Karpathy, CS231n notes, 2015).

    ## How it decides
    In the run: the first and the median step of each weight matrix of 32 elements or more that does not start at zero,
    without steps that the scaler skipped; of these the median over the matrices of an optimiser. Too large is a first
    or a median step above 0.3, with a median step above 0.1: a warning; above 1: an error. Too small is no matrix above
    1e-6, or above 2.5e-5 with Adam and its kin, whose steps do not depend on the size of the gradient, as long as no
    weights were loaded: a warning. Warm-up is left alone: rates that rise, and rates that start below the one that a
    schedule scales. So are LBFGS and Rprop, which choose their own step lengths, and, for steps that are too small,
    weights in half precision, which are the business of `unchanged-parameter`. RMSprop does not correct the bias of its
    running mean, so that its first steps are several times what later ones are: it may take five times as much.

    Measured on healthy networks: 3e-3 to 2e-2 for SGD at 0.1 and Adam at 1e-3; on sick ones 1 to 2 for Adam
    at 0.1, 1e-5 to 2e-5 for Adam at 1e-6.

    ## What it misses
    Single layers that move too fast among others that do not, and rates that go wrong later.

    ## How to silence
    Write `# dnnlint: ignore[update-ratio]` behind the optimiser, with the reason.

    ## Related
    `exploding-gradient`, `unchanged-parameter`
    """

    code = "DNN522"
    level = Severity.WARNING
    message = (
        "each step of {optimizer} changes the weights by {ratio:.1e} of their size, at a learning rate of {rate:.3g}"
    )
    why = "Steps this {size} make training {effect}; about 1e-3 of the weights is healthy."
    mend = "{cure}."

    def runtime(self, updates: Updates, run: Run) -> Findings:
        for optimizer in run.optimizers:
            entries = [entry for entry in updates.parameters if entry.optimizer == optimizer.number and _counts(entry)]
            courses = [course for entry in entries if (course := ratios_of(entry))]
            if not courses or optimizer.kind in OTHERWISE:
                continue
            usual = median(map(median, courses))
            ratio = max(usual, median(course[0] for course in courses))
            small = SMALL if run.resumed or optimizer.kind not in ADAPTIVE else SMALL_ADAPTIVE
            swell = UNCORRECTED.get(optimizer.kind, 1.0)
            large = ratio > LARGE * swell and usual > STILL_LARGE * swell
            if not large and not (0 < max(map(median, courses)) < small and _settled(optimizer, entries)):
                continue
            yield self.at(
                optimizer.built,
                severity=Severity.ERROR if ratio > WILD else Severity.WARNING,
                evidence={
                    "measured": ratio,
                    "threshold": LARGE * swell if large else small,
                    "unit": "update over weight",
                },
                optimizer=optimizer.kind,
                ratio=ratio,
                rate=optimizer.rates[-1] if optimizer.rates else 0.0,
                size="large" if large else "small",
                effect="jump about or diverge" if large else "take for ever",
                cure=f"{'Lower' if large else 'Raise'} the learning rate, ten times to begin with",
            )


def _counts(entry: ParameterUpdates) -> bool:
    return is_matrix(entry.parameter) and size(entry.parameter) >= TINY


def _settled(optimizer: OptimizerInfo, entries: list[ParameterUpdates]) -> bool:
    """Whether small steps are steps as they will be: no rate on its way up, nothing rounded away."""
    rates = optimizer.rates
    rising = len(rates) > 1 and rates[-1] > rates[0]
    warming = optimizer.base_rate is not None and bool(rates) and rates[0] < optimizer.base_rate
    return not rising and not warming and not any(entry.parameter.dtype.endswith("float16") for entry in entries)
