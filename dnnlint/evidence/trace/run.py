"""The run as a whole, and its optimisers."""

from typing import NamedTuple

from dnnlint.diagnostic import Site


class Run(NamedTuple):
    """The run as a whole; costs nothing to record."""

    script: Site  # line 1 of what was run
    steps: int  # optimiser steps that were watched
    forwards: int  # calls of outermost modules
    backwards: int
    optimizers: tuple["OptimizerInfo", ...]
    resumed: bool  # weights were loaded from somewhere (load_state_dict, from_pretrained)
    world_size: int = 1
    seen_ranks: int = 1  # of how many processes the statistics were joined


class OptimizerInfo(NamedTuple):
    """One optimiser that was constructed or stepped."""

    number: int  # in the order of first appearance; other records refer to it
    kind: str  # class name: "SGD", "AdamW"
    built: Site
    steps: int
    rates: tuple[float, ...] = ()  # learning rate per watched step, of the first group
    weight_decay: float = 0.0
    base_rate: float | None = None  # what a schedule scales ("initial_lr" of the first group); None without a schedule
