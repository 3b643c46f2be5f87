"""DNN520: gradients that are lost on their way to the first layers."""

from collections.abc import Mapping

from dnnlint.evidence.trace import Gradients, ParameterGradients, ParameterInfo, ParameterUpdates, Updates
from dnnlint.rule import Findings, Rule, Severity

from .._wording import named
from ._flow import is_matrix, ratio_of, relative

LOST = 1e-4  # gradient over weight, first layer against last
STILL = 1e-6  # update over weight
SLOWER = 1e-3  # update over weight, first layer against last
STEPS = 3


class VanishingGradient(Rule):
    """The gradients of the first layers are a tiny fraction of those of the last, and their weights hardly move.

    ## Why it hurts
    Each layer multiplies the gradient on its way back by its weights and the slope of its activation; sigmoid's slope
    is at most a quarter. After some layers nothing is left, the first layers keep their random weights, and those
    behind learn from noise (Hochreiter, 1991; Glorot and Bengio, *Understanding the Difficulty of Training Deep
    Feedforward Neural Networks*, 2010).

    ## How it decides
    In the run, at three steps or more, for the first and the last weight matrix of a network: gradient over weight is
    10 000 times smaller in the first at every step, its update over weight is below 1e-6, and a thousand times below
    that of the last. Optimisers that rescale gradients, as Adam does, hide small gradients from the weights: then there
    is nothing to report. Weights that start at zero, embeddings, biases and gains are left out.

    ## What it misses
    Gradients that vanish over time inside a recurrent layer, and side branches.

    ## How to silence
    Write `# dnnlint: ignore[vanishing-gradient]` behind the layer, with the reason.

    ## Related
    `saturating-hidden-activation`, `dead-units`, `activation-scale-drift`
    """

    code = "DNN520"
    level = Severity.WARNING
    message = "the gradient of {first} is {share:.1e} of that of {last}, relative to the weights{others}"
    why = "The first layers keep their random weights, and the layers behind them learn from noise."
    mend = "Use rectifiers with He initialisation, normalisation layers or skip connections, or fewer layers."

    def runtime(self, gradients: Gradients, updates: Updates) -> Findings:
        moved = {entry.parameter: entry for entry in updates.parameters}
        matrices = [entry for entry in gradients.parameters if is_matrix(entry.parameter) and relative(entry)]
        for network in dict.fromkeys(entry.parameter.layer.network for entry in matrices):
            chain = [entry for entry in matrices if entry.parameter.layer.network == network]
            lost = [entry for entry in chain if _lost(entry, chain[-1], moved)]
            if chain[0] not in lost:
                continue
            first, last = chain[0].parameter.layer, chain[-1].parameter.layer
            share = _share(chain[0], chain[-1])
            yield self.at(
                first.built,
                related=((last.built, "the last layer"),),
                evidence={"measured": share, "threshold": LOST, "unit": "of the last layer's"},
                first=named(first),
                last=named(last),
                share=share,
                others=f"; {len(lost) - 1} more are below the threshold" if len(lost) > 1 else "",
            )


def _share(first: ParameterGradients, last: ParameterGradients) -> float:
    """The largest gradient that ever reached the first layer over the smallest at the last one."""
    least = min(relative(last))
    return max(relative(first)) / least if least > 0 else 1.0


def _lost(entry: ParameterGradients, last: ParameterGradients, moved: Mapping[ParameterInfo, ParameterUpdates]) -> bool:
    if entry.parameter not in moved or last.parameter not in moved or len(relative(entry)) < STEPS:
        return False
    slow, fast = ratio_of(moved[entry.parameter]), ratio_of(moved[last.parameter])
    if slow is None or fast is None or _share(entry, last) >= LOST:
        return False
    return slow < STILL and slow < SLOWER * fast
