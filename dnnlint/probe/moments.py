"""Statistics as small device tensors, and the way back from their plain numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dnnlint.evidence.trace import Spread

SPREAD = 4  # numbers that make a spread


def spread_of(values: Tensor) -> Tensor:
    """Mean, standard deviation, least and largest value of a sample: shape (4,), float32."""
    low, high = torch.aminmax(values)
    mean = values.mean()
    variance = (values - mean).square_().mean()  # cheaper than std_mean, which does not vectorise
    return torch.stack((mean, variance.sqrt_(), low, high))


def spread(numbers: Sequence[float]) -> Spread:
    """Read a spread from its numbers."""
    return Spread(*numbers[:SPREAD])
