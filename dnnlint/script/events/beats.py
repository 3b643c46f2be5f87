"""Steps of optimisers and schedules as they happen: when, in which loops, and on what path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.script import ir, spelling
from dnnlint.script.code import Args
from dnnlint.script.values import Obj

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter


class Beat(NamedTuple):
    """One step of an optimiser or a schedule."""

    of: Obj
    clock: int
    place: Place
    around: tuple[tuple[Loop, int], ...]  # the loops in progress from the outermost, and which pass each is in
    arm: int  # the way of a branch that it stands on
    certain: bool  # on the path that defaults take, and of this object for certain
    args: Args
    spelled: str = ""  # the last name of the receiver


def beat(run: Interpreter, obj: Obj, place: Place, args: Args, node: Any = None) -> Beat:
    """A step that happens now."""
    around = tuple([(loop, loop.passes) for loop in run.loops])
    certain = not run.exploring and not run.several
    func: Any = getattr(node, "func", None)
    spelled = spelling.last(func.value) if type(func) is ir.Attr else ""
    return Beat(obj, run.tick(), place, around, run.arm, certain, args, spelled)


def handed(run: Interpreter, obj: Obj) -> None:
    """Something that is not understood was handed an optimiser or a schedule: it may step it, or set its rate."""
    obj.fields.setdefault("$handed", run.tick())
