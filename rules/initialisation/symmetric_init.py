"""DNN302: units that start out the same."""

from dnnlint.evidence.script import EqualUnits
from dnnlint.evidence.trace import Weights, WeightStats
from dnnlint.evidence.vocabulary import ACTIVATIONS, DENSE, NORMALISATIONS, RECTIFIERS, WEIGHTED
from dnnlint.rule import Findings, Rule, Severity

from .._wording import named

MIXING = DENSE | {"recurrent"}  # every unit sums over all inputs
CHAINED = ACTIVATIONS | NORMALISATIONS | WEIGHTED | {"pool"}  # what follows in a chain, not at a branch that is added


class SymmetricInit(Rule):
    """All units of a hidden layer start with the same weights.

    ## Why it hurts
    Units with equal weights compute the same number and, where the layer behind them is symmetric too, get the same
    gradient: they stay equal for ever, and a layer of any width works as one unit. Zero weights before a rectifier are
    worse: the output is zero, its slope there is zero, and nothing ever changes. Random weights break the symmetry
    (LeCun et al., *Efficient BackProp*, 1998; Goodfellow et al., *Deep Learning*, 2016, section 8.4).

    ## How it decides
    In the source: a constant is written to the weights of a hidden linear, convolutional or recurrent layer whose
    output reaches nothing but the next layer, through activations, normalisation, pooling and dropout. An error if the
    next layer is set to a constant as well, or if weights and biases are all zero and a rectifier follows; a warning if
    the constant is not zero. Grouped convolutions and frozen layers, which are filters made by hand, are left alone.
    In the run: before the first step, a trainable weight matrix of a hidden layer has equal rows. An error if the
    next layer of the network is constant as well, or if weights and biases are all zero and a rectifier follows; a
    warning if the weights are equal and not zero. Zero weights alone are left alone, since residual branches,
    adapters (LoRA) and heads are made so on purpose, and so are last layers, gains, embeddings and depthwise
    convolutions.

    ## What it misses
    Symmetry within a part of a layer, and layers written by hand.

    ## How to silence
    Write `# dnnlint: ignore[symmetric-init]` behind the layer, with the reason.

    ## Related
    `large-init-with-saturating-activation`, `dead-units`
    """

    code = "DNN302"
    level = Severity.ERROR
    message = "all {units} units of {layer} start with {what}{others}"
    why = "Units that start equal get equal gradients and stay equal, so the layer works as if it had a single unit."
    mend = (
        "Draw the weights at random: keep the layer's default, or use `nn.init.kaiming_uniform_` or `xavier_uniform_`."
    )

    def static(self, equal: EqualUnits) -> Findings:
        zero = equal.init.value == 0
        dead = zero and equal.no_bias and any(kind in RECTIFIERS for kind in equal.activations[:1])
        if zero and not dead and not equal.next_equal:
            return
        yield self.at(
            equal.init.place,
            severity=Severity.ERROR if dead or equal.next_equal else Severity.WARNING,
            related=((equal.layer.built, "the layer is built here"),),
            units=equal.layer.units or "",
            layer=f"`{equal.layer.kind}`",
            what="weights of zero" if zero else "the same weights",
            others=_others(equal.layers - 1),
        )

    def runtime(self, weights: Weights) -> Findings:
        judged = [(entry, severity) for entry in weights.weights if (severity := _judge(entry, weights))]
        if not judged:
            return
        worst, severity = max(judged, key=lambda pair: pair[1].rank)
        left = len(judged) - 1
        yield self.at(
            worst.parameter.layer.built,
            severity=severity,
            related=((worst.drawn, "initialised here"),),
            evidence={"measured": 1, "threshold": 2, "unit": "different rows"},
            units=worst.parameter.shape[0],
            layer=named(worst.parameter.layer),
            what="weights of zero" if _zero(worst) else "the same weights",
            others=_others(left),
        )


def _others(left: int) -> str:
    return f", and so do those of {left} more layer{'s' if left > 1 else ''}" if left else ""


def _judge(entry: WeightStats, weights: Weights) -> Severity | None:
    layer = entry.parameter.layer
    chain = [other for other in weights.weights if other.parameter.layer.network == layer.network and _matrix(other)]
    behind = [other for other in chain if other.parameter.layer.order > layer.order]
    if not _matrix(entry) or not entry.identical_rows or not behind or entry.followed_by not in CHAINED:
        return None
    if len(entry.parameter.shape) > 2 and entry.parameter.shape[1] == 1 and entry is not chain[0]:
        return None  # depthwise: every unit has an input of its own
    after = min(behind, key=lambda other: other.parameter.layer.order)
    stuck = _zero(entry) and entry.followed_by in RECTIFIERS and all(map(_zero, _biases(entry, weights)))
    if stuck or after.constant:
        return Severity.ERROR
    return None if _zero(entry) else Severity.WARNING


def _matrix(entry: WeightStats) -> bool:
    owned = entry.parameter
    return owned.trainable and len(owned.shape) > 1 and owned.shape[0] > 1 and owned.layer.op in MIXING


def _zero(entry: WeightStats) -> bool:
    return entry.constant and entry.spread.low == entry.spread.high == 0


def _biases(entry: WeightStats, weights: Weights) -> list[WeightStats]:
    layer = entry.parameter.layer
    return [other for other in weights.weights if other.parameter.layer == layer and len(other.parameter.shape) == 1]
