"""DNN521: gradients that dwarf the weights, or grow out of all bounds."""

from math import hypot, isfinite
from statistics import median

from dnnlint.evidence.trace import Gradients, OptimizerInfo, ParameterGradients, Run, Updates, Weights
from dnnlint.rule import Findings, Rule, Severity

from .._scale import spread_of
from .._wording import like_it, named
from ._flow import TINY, is_matrix, ratio_of, relative, size

LARGE, HUGE = 1e5, 1e9  # gradient over weight
GROWING = 1.9  # deviations that a unit puts out for inputs of one; He's initialisation for rectifiers has 1.4
GROWTH = 1e3  # norm of the whole gradient, last step against the first two
HASTY = 0.1  # update over weight: above it the learning rate is the cause


class ExplodingGradient(Rule):
    """Gradients are thousands of times larger than the weights, or grow a thousandfold within a few steps.

    ## Why it hurts
    One step along such a gradient throws the weights far away from where it was computed, and what comes next is
    noise, overflow or NaN. Weights that are too large, many time steps of a recurrent network and targets that were
    not normalised cause it (Bengio et al., *Learning Long-Term Dependencies with Gradient Descent is Difficult*,
    1994; Pascanu et al., *On the Difficulty of Training Recurrent Neural Networks*, 2013).

    ## How it decides
    In the run, from the gradients as the optimiser gets them, so unscaled and clipped: the norm of the gradient of a
    weight matrix over the norm of its weights, median over the steps that were watched. A warning from a hundred
    thousand on, an error from a billion on; healthy networks stay below 100, a loss summed over the batch below a few
    thousand. Or the norm of the whole gradient grew a thousandfold from step to step, without the weights moving by
    more than a tenth per step, which is `update-ratio`. Gradients that are no numbers are `non-finite-value`. The
    finding stands where the widest weights were drawn, if a unit of theirs puts out 1.9 standard deviations or more
    for inputs of one (He et al., 2015: 1.4 keeps rectified signals as they are), else at the layer with the largest
    gradient.

    ## What it misses
    Explosions after the steps that were watched, and gradients that clipping tamed.

    ## How to silence
    Write `# dnnlint: ignore[exploding-gradient]` behind the layer or the optimiser, with the reason.

    ## Related
    `vanishing-gradient`, `update-ratio`, `non-finite-value`, `activation-scale-drift`
    """

    code = "DNN521"
    level = Severity.WARNING
    message = "{what}"
    why = "A step along such a gradient throws the weights far away, and what follows is noise or overflow."
    mend = (
        "Scale weights, inputs and targets to about one; clip with `nn.utils.clip_grad_norm_` if it is a recurrent net."
    )

    def runtime(self, gradients: Gradients, updates: Updates, weights: Weights, run: Run) -> Findings:
        matrices = [entry for entry in gradients.parameters if is_matrix(entry.parameter) and relative(entry)]
        large = [entry for entry in matrices if median(relative(entry)) > LARGE]
        if large:
            worst = max(large, key=lambda entry: median(relative(entry)))
            ratio, layer = median(relative(worst)), worst.parameter.layer
            wide = max(weights.weights, key=spread_of, default=None)
            cause = wide if wide is not None and spread_of(wide) > GROWING else None
            yield self.at(
                layer.built if cause is None else cause.drawn or cause.parameter.layer.built,
                related=((None if cause is None else layer.built, "the gradient is largest here"),),
                severity=Severity.ERROR if ratio > HUGE else Severity.WARNING,
                evidence={"measured": ratio, "threshold": LARGE, "unit": "norm of gradient over norm of weight"},
                what=f"the gradient of {named(layer)} is {ratio:.1e} times its weights{like_it(len(large) - 1)}",
            )
            return
        for optimizer in run.optimizers:
            growth = _growth([entry for entry in gradients.parameters if entry.optimizer == optimizer.number])
            if growth <= GROWTH or _hasty(updates, optimizer):
                continue
            yield self.at(
                optimizer.built,
                evidence={"measured": growth, "threshold": GROWTH, "unit": "growth of the gradient's norm"},
                what=f"the gradient grew {growth:.1e} times over the first {optimizer.kind} steps",
            )


def _growth(parameters: list[ParameterGradients]) -> float:
    """The last norm over the larger of the first two; 0 unless it rose steadily over four steps."""
    norms: dict[int, float] = {}
    for entry in parameters:
        for step in entry.steps:
            norms[step.step] = hypot(norms.get(step.step, 0.0), step.norm)
    course = [norms[step] for step in sorted(norms)]
    if len(course) < 4 or not all(map(isfinite, course)) or max(course[:2]) <= 0 or sorted(course[1:]) != course[1:]:
        return 0.0
    return course[-1] / max(course[:2])


def _hasty(updates: Updates, optimizer: OptimizerInfo) -> bool:
    """Whether the weights move so fast that the learning rate explains the growth."""
    moved = [entry for entry in updates.parameters if entry.optimizer == optimizer.number]
    ratios = [ratio_of(entry) for entry in moved if is_matrix(entry.parameter) and size(entry.parameter) >= TINY]
    known = [ratio for ratio in ratios if ratio is not None]
    return not known or median(known) > HASTY
