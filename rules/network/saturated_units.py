"""DNN205: sigmoid and tanh units at the flat ends of their range."""

from dnnlint.evidence.trace import Activations, LayerActivations, Weights
from dnnlint.rule import Findings, Rule, Severity

from .._scale import WIDE, spread_of
from .._wording import like_it, named

HALF = 0.5
ENOUGH = 32  # samples and positions
BREADTH = 8  # units
BOUNDED = frozenset({"sigmoid", "tanh"})


class SaturatedUnits(Rule):
    """Most outputs of a hidden sigmoid or tanh layer lie at the ends of its range.

    ## Why it hurts
    At its ends the slope of a saturating activation is about zero, so the layer passes no gradient, its inputs hardly
    matter, and it stays where it is (Glorot and Bengio, *Understanding the Difficulty of Training Deep Feedforward
    Neural Networks*, 2010). Inputs that were not normalised, wide weights and steps that are too large lead there.

    ## How it decides
    In the run: at every step that was watched, more than half of the sampled outputs lie beyond 0.99 in magnitude for
    tanh, or outside 0.01 to 0.99 for a sigmoid, over at least 32 samples and positions and eight units. Gates, which
    open and close on purpose, the activation that the loss is computed from and the last one of each network are left
    alone; so are layers whose weights were drawn too wide, which is `large-init-with-saturating-activation`. The first
    such layer is named.

    ## What it misses
    Other bounded activations, gates inside recurrent layers, and units that saturate later.

    ## How to silence
    Where binary codes are meant, write `# dnnlint: ignore[saturated-units]` behind the layer, with the reason.

    ## Related
    `large-init-with-saturating-activation`, `saturating-hidden-activation`, `unnormalized-input`
    """

    code = "DNN205"
    level = Severity.WARNING
    message = "{share:.0%} of the {activation} outputs of {layer} are saturated at every step{others}"
    why = "At its ends the activation has no slope, so neither this layer nor those before it get a gradient."
    mend = "Normalise the inputs, draw the weights with `nn.init.xavier_uniform_`, or use a rectifier instead."

    def runtime(self, activations: Activations, weights: Weights) -> Findings:
        wide = {stats.parameter.layer for stats in weights.weights if spread_of(stats) > WIDE}
        last = {entry.layer.network: entry for entry in activations.layers}
        inner = [entry for entry in activations.layers if entry is not last[entry.layer.network]]
        stuck = [entry for entry in inner if _stuck(entry) and (entry.fed_by or entry.layer) not in wide]
        if not stuck:
            return
        first, left = stuck[0], len(stuck) - 1
        related = tuple((other.layer.built, f"{_least(other):.0%} here") for other in stuck[1:4])
        yield self.at(
            (first.fed_by or first.layer).built,
            related=related,
            evidence={"measured": _least(first), "threshold": HALF, "unit": "share of outputs"},
            share=_least(first),
            activation=first.op,
            layer=named(first.fed_by or first.layer),
            others=like_it(left),
        )


def _least(entry: LayerActivations) -> float:
    return min((step.saturated for step in entry.steps if step.spread.finite), default=0.0)


def _stuck(entry: LayerActivations) -> bool:
    if entry.op not in BOUNDED or entry.gate or entry.last or not entry.steps:
        return False
    return entry.rows >= ENOUGH and entry.units >= BREADTH and _least(entry) > HALF
