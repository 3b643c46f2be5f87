"""Tracebacks that the script prints itself while it is watched: as they are without us.

``traceback`` and ``logging`` walk a traceback by the two functions replaced here; Python's own printing of an exception
that ends the script is put right by the launcher.
"""

import functools
import traceback
from types import TracebackType
from typing import Any

from dnnlint.probe.endings import without_us
from dnnlint.probe.patches import Patches, hidden

_WALKS = ("_walk_tb_with_full_positions", "walk_tb")


def patch(patches: Patches) -> None:
    """Have tracebacks walked without our frames."""
    for name in _WALKS:
        if hasattr(traceback, name):  # the first of them is not public
            patches.replace(traceback, name, _walk)


def _walk(original: Any) -> Any:
    @functools.wraps(original)
    def walk(trace: TracebackType | None) -> Any:
        return original(_copy(trace))

    return hidden(walk)


def _copy(trace: TracebackType | None) -> TracebackType | None:
    """A traceback of its own, so that the exception keeps what it has."""
    copied: TracebackType | None = None
    for one in reversed(without_us(trace)):
        copied = TracebackType(copied, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return copied
