"""Whether a schedule steps before its optimiser has taken a single step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place

if TYPE_CHECKING:
    from dnnlint.script.events.beats import Beat


def early(beat: Beat, steps: list[Beat], since: int) -> Place | None:
    """The first step of the optimiser, if it certainly comes later in the first round of a loop that both are in."""
    if not beat.certain or beat.args.values() or beat.args.open:
        return None  # a schedule that is told the epoch skips none
    if any(since < step.clock < beat.clock for step in steps):
        return None
    for loop, turn in reversed(beat.around):
        if turn != 1:
            return None
        after = [step for step in steps if step.clock > beat.clock and (loop, 1) in step.around]
        if after:
            return after[0].place if beat.arm == loop.arm else None
    return None
