"""Which loops go over epochs, which over batches, and how often a schedule is stepped for its optimiser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.script import ir
from dnnlint.script.facts import purpose
from dnnlint.script.values import Const, Iteration, Value

if TYPE_CHECKING:
    from dnnlint.script.events.beats import Beat
    from dnnlint.script.frames import Loop

_EPOCH = re.compile(r"epoch|^_?ep?$|^iters?_?num$", re.IGNORECASE)
_TRIAL = re.compile(r"run|fold|trial|seed|repeat|^rep$|exp|task|stage|attempt|^lr$|config", re.IGNORECASE)
_FEW = 10  # rounds of a loop that may be the steps of a critic rather than an epoch's batches


class Pace(NamedTuple):
    """How a schedule is stepped: each "batch", each "epoch" or None; in which loop; and how often that goes round."""

    interval: str | None
    loop: Loop | None
    epochs: Value | None  # how many epochs there are, as a value of the program
    rounds: Value | None  # where there is only one loop: how often it goes round


UNKNOWN = Pace(None, None, None, None)


def number(value: Value | None) -> float | None:
    """A value as a number, if it is known."""
    if type(value) is Const and type(value.value) in (int, float):
        return float(value.value)
    return None


def target(loop: Loop) -> str:
    """The name that a loop counts in."""
    node: Any = loop.node.target if type(loop.node) is ir.For else None
    if type(node) is ir.Seq and node.items:
        node = node.items[0]
    return str(node.id) if type(node) is ir.Name else ""


def count(loop: Loop) -> Value | None:
    """How often a loop goes round."""
    return loop.iterable.count if type(loop.iterable) is Iteration else None


def is_phase(loop: Loop) -> bool:
    """A loop over a few known things: "train" and "val", two optimisers."""
    iterable = loop.iterable
    return type(iterable) is Iteration and iterable.items is not None and iterable.count is None


def over_batches(loop: Loop) -> bool:
    """Whether each round of a loop is a batch, as far as can be told from the inside of an epoch."""
    if is_phase(loop) or type(loop.node) not in (ir.For, ir.While) or _EPOCH.search(target(loop)):
        return False
    known = number(count(loop))
    return purpose.over_data(loop) or known is None or known > _FEW


def pace(beat: Beat, steps: list[Beat]) -> Pace:
    """How often a schedule is stepped for an optimiser that takes these steps."""
    found = [one for step in steps if (one := _relation(beat, step)) is not None]
    if not found or len({one.interval for one in found}) > 1:
        return UNKNOWN
    return found[0]


def _relation(beat: Beat, step: Beat) -> Pace | None:
    mine = [loop for loop, _ in beat.around]
    others = [loop for loop, _ in step.around]
    shared = 0
    while shared < min(len(mine), len(others)) and mine[shared].place == others[shared].place:
        shared += 1
    common = [loop for loop in mine[:shared] if not is_phase(loop)]
    if common and beat.arm not in (common[-1].arm, mine[shared - 1].arm, step.arm):
        return None  # now and then, under a condition that the optimiser's steps do not have
    if not common or any(not is_phase(loop) for loop in mine[shared:]):
        return None
    if any(over_batches(loop) for loop in others[shared:]):
        return Pace("epoch", common[-1], None if _TRIAL.search(target(common[-1])) else count(common[-1]), None)
    outer = [loop for loop in common[:-1] if not _TRIAL.search(target(loop))]
    if over_batches(common[-1]) and (outer or purpose.over_data(common[-1])):
        return Pace("batch", common[-1], count(outer[-1]) if outer else None, None)
    return Pace(None, common[-1], None, count(common[-1]))
