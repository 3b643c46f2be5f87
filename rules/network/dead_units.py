"""DNN204: rectifier units that are silent on everything they see."""

from math import sqrt

from dnnlint.evidence.trace import Activations, LayerActivations, Weights
from dnnlint.evidence.vocabulary import RECTIFIERS
from dnnlint.rule import Findings, Rule, Severity

from .._wording import like_it, named

MANY, ALL = 0.6, 0.95
USUAL = 0.5  # share of units that a deep plain network leaves silent, each by the sign of a coin
GROWTH = 0.3
FEWEST, ENOUGH = 32, 96  # samples and positions that differ
BREADTH = 8  # units; of fewer, half may be silent by chance


class DeadUnits(Rule):
    """Most units of a rectified layer are zero on every sample seen.

    ## Why it hurts
    A rectifier that is below zero on all data passes no signal and no gradient: the unit has no way back, and the
    capacity is lost; where a whole layer is silent, nothing before it learns. Steps that are too large and biases
    that are too negative do this (Maas et al., *Rectifier Nonlinearities Improve Neural Network Acoustic Models*,
    2013; Lu et al., *Dying ReLU and Initialization*, 2019).

    ## How it decides
    In the run: the share of the sampled units behind a `relu` or `relu6` that were zero on every one of at least 96
    different samples and positions. A warning above 60 %, and above what chance makes of the half that deep plain
    networks leave silent (38 to 46 % in the sixth layer with the default initialisation of torch, measured; three
    standard deviations for the number of units: 69 % of 64 units, 88 % of 16); also when the share grew by 30 points
    since the first step to more than 60 %. An error above 95 %, for which 32 samples are enough. Of several such
    layers the worst is named, the first among equals. A layer whose weights all start at zero is left to
    `symmetric-init`.

    ## What it misses
    Layers of fewer than eight units, other activations, and units that die after the steps that were watched.

    ## How to silence
    Where sparse activity is meant, write `# dnnlint: ignore[dead-units]` behind the layer, with the reason.

    ## Related
    `symmetric-init`, `vanishing-gradient`, `saturated-units`
    """

    code = "DNN204"
    level = Severity.WARNING
    message = "{share:.0%} of the units of {layer} are zero on every sample seen{since}{others}"
    why = "A unit that is always zero gets no gradient: it cannot recover, and what lies before it learns less."
    mend = "Lower the learning rate, start biases at zero and weights with `kaiming_normal_`, or use a leaky rectifier."

    def runtime(self, activations: Activations, weights: Weights) -> Findings:
        blank = {
            stats.parameter.layer for stats in weights.weights if stats.constant and len(stats.parameter.shape) > 1
        }
        layers = [entry for entry in activations.layers if (entry.fed_by or entry.layer) not in blank]
        dying = [entry for entry in layers if _limit(entry) is not None]
        if not dying:
            return
        worst = max(dying, key=lambda entry: _share(entry) > ALL)  # the first of those that are as bad
        left, grown = len(dying) - 1, _dead(worst) < _share(worst)
        yield self.at(
            (worst.fed_by or worst.layer).built,
            severity=Severity.ERROR if _share(worst) > ALL else Severity.WARNING,
            related=tuple((other.layer.built, f"{_share(other):.0%} here") for other in dying if other is not worst)[
                :3
            ],
            evidence={"measured": _share(worst), "threshold": _limit(worst), "unit": "share of units"},
            share=_share(worst),
            layer=named(worst.fed_by or worst.layer),
            since=f" of step {worst.steps[-1].step}" if grown else "",
            others=like_it(left),
        )


def _dead(entry: LayerActivations) -> float:
    """Share of units that no step has seen alive."""
    return entry.dead or 0.0


def _share(entry: LayerActivations) -> float:
    """Share of units that are silent now."""
    return max(_dead(entry), _growth(entry)[1])


def _growth(entry: LayerActivations) -> tuple[float, float]:
    """How much the share grew since the first step, and to what; nothing where steps cannot be compared."""
    if len(entry.steps) < 2 or entry.steps[-1].rows < entry.steps[0].rows:
        return 0.0, 0.0
    first, last = entry.steps[0].dead, entry.steps[-1].dead
    return (0.0, 0.0) if first is None or last is None or last - first < GROWTH else (last - first, last)


def _limit(entry: LayerActivations) -> float | None:
    """The threshold that a layer is above; None if it is above none."""
    if entry.op not in RECTIFIERS or entry.units < BREADTH or not entry.steps:
        return None
    if not all(step.spread.finite for step in entry.steps):
        return None  # NaN is neither silent nor alive
    different = entry.rows * min(entry.distinct / len(entry.steps), 1.0)
    chance = USUAL + 3 * sqrt(USUAL * (1 - USUAL) / entry.units)
    level = max(MANY, min(chance, ALL))
    if _dead(entry) > ALL and different >= FEWEST:
        return ALL
    if _dead(entry) > level and different >= ENOUGH:
        return level
    return level if _growth(entry)[1] > level and entry.steps[-1].rows >= FEWEST else None
