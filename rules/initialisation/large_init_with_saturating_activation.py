"""DNN301: weights so wide that sigmoid and tanh saturate at once."""

from math import sqrt

from dnnlint.evidence.script import WeightInit
from dnnlint.evidence.trace import Activations, LayerActivations, Run, Weights, WeightStats
from dnnlint.evidence.vocabulary import SATURATING
from dnnlint.rule import Findings, Rule, Severity

from .._scale import WIDE, spread_of
from .._wording import named

HOPELESS = 10.0
SATURATED = 0.33  # share of outputs at their tails: |tanh| > 0.99, or sigmoid outside 0.01 to 0.99


class LargeInitWithSaturatingActivation(Rule):
    """Weights are drawn so wide that the sigmoid or tanh behind them is saturated before training begins.

    ## Why it hurts
    A unit that sums n inputs of unit variance through weights of standard deviation s has a spread of s * sqrt(n).
    Where that is far above 1, most units start on the flat ends of sigmoid or tanh, where the slope is about 0: no
    gradient passes, and the units stay there (Glorot and Bengio, *Understanding the Difficulty of Training Deep
    Feedforward Neural Networks*, 2010; LeCun et al., *Efficient BackProp*, 1998, section 4.6). `normal_(weight)`
    without a standard deviation draws with 1, which is 11 times too wide for 128 inputs.

    ## How it decides
    The standard deviation s of the last initialisation of a layer and its fan-in n are known numbers, and a
    saturating activation is applied directly to what the layer puts out (gates excluded). Uniform weights on [-b, b]
    count with b / sqrt(3), draws by fans (Glorot, He, orthogonal) with their gain. From s * sqrt(n) = 3 on, more than
    a third of sigmoid units and two thirds of tanh units start where the slope is less than a quarter of its best: a
    warning. From 10 on it is four units in five: an error.
    In the run: the same spread, from the weights as they are before the first step, and a third or more of the
    outputs of the activation at their tails on the first batch; gates, the last activation and runs that load weights
    are left alone. An error from 10 on.

    ## What it misses
    When reading, initialisation whose spread is not a known number, and inputs that are far from unit variance.

    ## How to silence
    Write `# dnnlint: ignore[large-init-with-saturating-activation]` behind the initialisation, with the reason.

    ## Related
    `saturating-hidden-activation`
    """

    code = "DNN301"
    level = Severity.WARNING
    message = (
        "weights with standard deviation {std:.3g} over {fan_in} inputs give {activation} a spread of {spread:.1f}"
    )
    measured = (
        "weights of {layer} with standard deviation {std:.3g} over {fan_in} inputs saturate {share:.0%} of the "
        "{activation} outputs at the first step"
    )
    why = "Most units start saturated, where the slope is about zero, so they receive no gradient and do not learn."
    mend = "Scale by the fan-in: use `nn.init.xavier_uniform_`, or a standard deviation near {fit:.2g}."

    def static(self, drawn: WeightInit) -> Findings:
        std, fan_in = drawn.init.std, drawn.layer.fan_in
        squashed = [operation for operation in drawn.activations if operation.kind in SATURATING]
        if not std or not fan_in or not squashed or std * sqrt(fan_in) <= WIDE:
            return
        spread = std * sqrt(fan_in)
        yield self.at(
            drawn.init.place,
            severity=Severity.ERROR if spread > HOPELESS else Severity.WARNING,
            related=((drawn.layer.built, "the layer"), (squashed[0].place, "the activation that saturates")),
            evidence={"measured": spread, "threshold": WIDE, "unit": "standard deviations"},
            std=std,
            fan_in=fan_in,
            activation=squashed[0].kind,
            spread=spread,
            fit=1 / sqrt(fan_in),
        )

    def runtime(self, weights: Weights, activations: Activations, run: Run) -> Findings:
        said = set()
        for entry in () if run.resumed else weights.weights:
            layer = entry.parameter.layer
            place = entry.drawn or layer.built
            spread, fan_in = spread_of(entry), layer.fan_in or 1
            squashed = _squashed(entry, activations) if spread > WIDE else None
            if squashed is None or place in said:
                continue
            said.add(place)
            yield self.at(
                place,
                severity=Severity.ERROR if spread > HOPELESS else Severity.WARNING,
                related=((layer.built, "the layer"), (squashed.layer.built, "the activation that saturates")),
                evidence={"measured": spread, "threshold": WIDE, "unit": "standard deviations"},
                layer=named(layer),
                std=entry.spread.std,
                fan_in=fan_in,
                share=squashed.steps[0].saturated,
                activation=squashed.op,
                fit=1 / sqrt(fan_in),
            )


def _squashed(entry: WeightStats, activations: Activations) -> LayerActivations | None:
    """The saturated activation that takes a layer's output."""
    owned = entry.parameter
    for heard in activations.layers:
        fed = heard.fed_by == owned.layer or heard.layer == owned.layer
        inner = fed and heard.op in SATURATING and not heard.gate and not heard.last
        if inner and heard.steps and heard.steps[0].saturated >= SATURATED:
            return heard
    return None
