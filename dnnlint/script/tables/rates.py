"""Learning rates at which the families of optimisers work, and which class belongs to which family.

The usual rate is that of the documentation or the paper; `high` is where networks of more than one layer no longer
train, `low` where they no longer move: each about a hundred times off for the adaptive families, more for plain SGD,
whose rate depends on the scale of the loss.
"""

from typing import NamedTuple

from dnnlint.script.tables import words


class Rates(NamedTuple):
    """What a family of optimisers can be run at."""

    family: str
    usual: float
    low: float  # this and below trains nothing
    high: float  # this and above trains nothing


_SGD = Rates("SGD", 0.1, 1e-7, 10.0)
_ADAM = Rates("Adam", 1e-3, 1e-7, 0.05)
_LION = Rates("Lion", 1e-4, 1e-8, 0.02)
_RMSPROP = Rates("RMSprop", 1e-2, 1e-7, 0.2)
_ADAGRAD = Rates("Adagrad", 1e-2, 1e-6, 10.0)
_ADADELTA = Rates("Adadelta", 1.0, 1e-5, 100.0)

FAMILIES: dict[str, Rates] = {
    **dict.fromkeys(words("SGD ASGD SGDW SGDP FusedSGD SGD8bit SGD32bit"), _SGD),
    **dict.fromkeys(
        words(
            """Adam AdamW Adamax NAdam RAdam SparseAdam AdaBelief AdamP Nadam NAdamW BertAdam OpenAIAdam FusedAdam
            Adam8bit Adam32bit AdamW8bit AdamW32bit PagedAdamW PagedAdamW8bit DeepSpeedCPUAdam CPUAdam HybridAdam
            DiffGrad Ranger Yogi"""
        ),
        _ADAM,
    ),
    **dict.fromkeys(words("Lion Lion8bit FusedLion"), _LION),
    **dict.fromkeys(words("RMSprop RMSpropTF"), _RMSPROP),
    "Adagrad": _ADAGRAD,
    "Adadelta": _ADADELTA,
}
"""By the short name of the class. Missing: LBFGS, Rprop, Muon, LARS, LAMB and those that find their own rate."""
