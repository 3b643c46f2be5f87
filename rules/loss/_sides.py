"""What both sides of a divergence end in."""

from dnnlint.evidence.script import LossCall
from dnnlint.evidence.vocabulary import DISTRIBUTIONS, LOG_PROBABILITIES

PROBABLE = DISTRIBUTIONS | {"sigmoid", "exp"}
LOGARITHMS = LOG_PROBABILITIES | {"log"}


def swapped(loss: LossCall) -> bool:
    """Whether a divergence receives probabilities first, and the logarithms of others second."""
    first, second = {one.kind for one in loss.last}, {one.kind for one in loss.target.last}
    return loss.kind == "KLDivLoss" and loss.known and first <= PROBABLE and bool(second) and second <= LOGARITHMS
