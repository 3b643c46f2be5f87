"""What several rules ask about the gradients and updates of a network's weight matrices."""

from math import isfinite
from statistics import median

from dnnlint.evidence.trace import ParameterGradients, ParameterInfo, ParameterUpdates
from dnnlint.evidence.vocabulary import WEIGHTED

TINY = 32  # elements; the few weights of a toy model may well change at once


def is_matrix(parameter: ParameterInfo) -> bool:
    """A weight matrix: no bias, no gain, no table of which a step touches a few rows."""
    weighted = parameter.layer.op in WEIGHTED and parameter.layer.op != "embedding"
    return len(parameter.shape) > 1 and parameter.trainable and not parameter.sparse and weighted


def size(parameter: ParameterInfo) -> int:
    """Elements of a parameter."""
    count = 1
    for extent in parameter.shape:
        count *= extent
    return count


def relative(entry: ParameterGradients) -> list[float]:
    """Gradients in units of the weights, at the steps where both are numbers; none for weights that start at zero."""
    if not entry.steps or entry.steps[0].weight_norm <= 0:
        return []
    ratios = [step.norm / step.weight_norm for step in entry.steps if step.weight_norm > 0]
    return [ratio for ratio in ratios if isfinite(ratio)]


def ratios_of(entry: ParameterUpdates) -> list[float]:
    """Updates in units of the weights, step by step; none for weights that start at zero, or for a single step."""
    taken = [step.ratio for step in entry.steps if step.rate > 0 and not step.skipped]
    finite = [ratio for ratio in taken if isfinite(ratio)]
    return finite if len(finite) > 1 and isfinite(taken[0]) else []


def ratio_of(entry: ParameterUpdates) -> float | None:
    """The usual update in units of the weights."""
    ratios = ratios_of(entry)
    return median(ratios) if ratios else None
