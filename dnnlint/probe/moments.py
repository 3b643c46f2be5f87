"""Statistics of samples that have arrived on the host."""

import torch
from torch import Tensor

from dnnlint.evidence.trace import Spread


def spread(sample: Tensor) -> Spread:
    """Mean, standard deviation, least and largest value."""
    if not sample.numel():
        return Spread(0.0, 0.0, 0.0, 0.0)
    values = sample.double()
    return Spread(*torch.stack((values.mean(), values.std(correction=0), values.min(), values.max())).tolist())


def number(value: Tensor) -> float:
    """A tensor of one element as a plain number; not by ``item``, which a run may forbid or count."""
    (single,) = value.reshape(1).tolist()
    return float(single)
