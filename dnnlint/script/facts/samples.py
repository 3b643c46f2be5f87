"""What becomes of samples on their way from a data set to a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.script.facts import alterations, leakage, scales, splits

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def state(run: Interpreter) -> None:
    """State how loaders, their data sets and the transforms in between fit together."""
    splits.state(run)
    scales.state(run)
    leakage.state(run)
    alterations.state(run)
