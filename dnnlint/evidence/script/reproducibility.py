"""Settings on which it depends whether a run can be repeated."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class DeterminismClash(NamedTuple):
    """The fastest kernels are searched for, and reproducible ones are asked for, at the same time."""

    benchmark: Place
    deterministic: Place
