"""DNN307: activations that shrink or grow from layer to layer."""

from itertools import pairwise
from math import isfinite, log10

from dnnlint.evidence.trace import Activations, LayerActivations
from dnnlint.evidence.vocabulary import DENSE, NORMALISATIONS
from dnnlint.rule import Findings, Rule, Severity

from .._wording import named

DRIFT = 3.0  # powers of ten between the first layer and the last
HOPELESS = 6.0
DEPTH = 4  # layers; fewer cannot be told from layers of different purpose
STEADY = 0.75  # share of the layers that go the same way


class ActivationScaleDrift(Rule):
    """The spread of activations grows or shrinks by orders of magnitude through the depth of the network.

    ## Why it hurts
    When each layer multiplies the spread by a factor other than 1, depth makes a power of it. Activations that shrink
    to nothing carry no difference between inputs, and the gradients on their way back shrink likewise; activations
    that grow end in saturation or overflow (Glorot and Bengio, *Understanding the Difficulty of Training Deep
    Feedforward Neural Networks*, 2010; He et al., *Delving Deep into Rectifiers*, 2015).

    ## How it decides
    In the run: at the first step, the standard deviations of the outputs of the linear and convolutional layers of a
    network without normalisation layers, in the order of their calls and without the one that the loss is computed
    from. There are four or more; three quarters of them go the same way; and first and last differ by more than 1000
    times: a warning; by more than a million: an error. The default initialisation of torch loses a factor of 15 in six
    layers (measured), which is harmless.

    ## What it misses
    Networks with normalisation, shallow networks, and drift that starts only while training.

    ## How to silence
    Write `# dnnlint: ignore[activation-scale-drift]` behind the layer, with the reason.

    ## Related
    `large-init-with-saturating-activation`, `vanishing-gradient`, `exploding-gradient`
    """

    code = "DNN307"
    level = Severity.WARNING
    message = "the spread of activations {goes} {factor:.3g} times from {first} to {last}, over {depth} layers"
    why = "Signals of ever different size through the depth make gradients vanish or explode, so layers do not learn."
    mend = "Initialise for the activation in use (`nn.init.kaiming_normal_` for ReLU), or add normalisation layers."

    def runtime(self, activations: Activations) -> Findings:
        for network in dict.fromkeys(entry.layer.network for entry in activations.layers):
            layers = [entry for entry in activations.layers if entry.layer.network == network]
            chain = [entry for entry in layers if entry.op in DENSE and not entry.last and _scale(entry) > 0]
            drift = _drift(chain)
            if any(entry.op in NORMALISATIONS for entry in layers) or abs(drift) <= DRIFT:
                continue
            small, large = sorted(map(_scale, (chain[0], chain[-1])))
            factor = large / small
            broken = next(entry for entry in chain if abs(_powers(chain[0], entry)) > DRIFT)
            yield self.at(
                broken.layer.built,
                severity=Severity.ERROR if abs(drift) > HOPELESS else Severity.WARNING,
                related=((chain[0].layer.built, "the first layer"), (chain[-1].layer.built, "the last layer")),
                evidence={"measured": factor, "threshold": 10**DRIFT, "unit": "ratio of standard deviations"},
                goes="grows" if drift > 0 else "shrinks",
                factor=factor,
                first=named(chain[0].layer),
                last=named(chain[-1].layer),
                depth=len(chain),
            )


def _scale(entry: LayerActivations) -> float:
    """Spread at the first step; 0 where it says nothing."""
    std = entry.steps[0].spread.std if entry.steps else 0.0
    return std if isfinite(std) else 0.0


def _powers(first: LayerActivations, last: LayerActivations) -> float:
    """How many powers of ten the spread changes."""
    return log10(_scale(last)) - log10(_scale(first))


def _drift(chain: list[LayerActivations]) -> float:
    """From the first layer to the last, where most layers take part; 0 otherwise."""
    if len(chain) < DEPTH:
        return 0.0
    whole = _powers(chain[0], chain[-1])
    same = sum(_powers(*pair) * whole > 0 for pair in pairwise(chain))
    return whole if same >= STEADY * (len(chain) - 1) else 0.0
