"""How wide weights make what a layer puts out."""

from math import sqrt

from dnnlint.evidence.trace import WeightStats

WIDE = 3.0  # standard deviations that a unit puts out for inputs of one: saturating activations are lost from there on


def spread_of(stats: WeightStats) -> float:
    """Standard deviation of a unit whose inputs have one; 0 where it is not known."""
    owned = stats.parameter
    if len(owned.shape) < 2 or not owned.layer.fan_in or owned.layer.fan_in < 1 or not stats.spread.finite:
        return 0.0
    return stats.spread.std * sqrt(owned.layer.fan_in)
