"""Tensors that are kept where the next iteration still sees them, and their graphs with them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.script import flow, ir, spelling
from dnnlint.script.events import averages
from dnnlint.script.values import Const, Iteration, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

Cell = tuple[dict[str, Any], str]
_DEEPEST = 3  # loops inside one another that an accumulator is followed through


class Around(NamedTuple):
    """A loop that what is kept outlives an iteration of."""

    loop: Loop
    clock: int  # when the iteration began; the loop goes on
    place: Place
    inner: Place | None  # the statement, if it stands in a function that the loop calls


class Kept:
    """A tensor put where the next iteration still sees it."""

    __slots__ = ("cell", "container", "how", "loops", "new", "result", "target")

    def __init__(self, loops: list[Around], how: str, target: str, new: Value, result: Value) -> None:
        self.loops = loops  # from the innermost outwards
        self.how = how
        self.target = target
        self.new = new
        self.result = result
        self.container: Obj | None = None  # the list it was put into
        self.cell: Cell | None = None  # the variable that holds the sum


def keep(
    run: Interpreter, node: Any, target: Any, old: Value, new: Value, how: str, result: Value | None = None
) -> None:
    """A value was added to something that outlives the iteration."""
    if how == "+=":
        averages.added(run, result if result is not None else new)
    elif how == "append" and type(old) is Obj:
        averages.listed(run, old, node)
    if not run.loops or run.forwards or flow.carries(new) is False or not flow.flows(new):
        return
    loops = _around(run, node, target, old)
    if not loops:
        return
    run.record.events += 1
    kept = Kept(loops, how, spelling.spell(target), new, result if result is not None else new)
    if type(old) is Obj and old.kind == "list":
        kept.container = old
        old.fields["$kept"] = True
    elif how == "+=":
        kept.cell = _cell(run, target)
    run.record.kept.append(kept)


def release(run: Interpreter, loop: Loop, since: int) -> None:
    """At the end of an iteration: what was cut off from its graph in the meantime, is not kept with it."""
    kept = run.record.kept
    for index in range(len(kept) - 1, since - 1, -1):
        one = kept[index]
        if not _released(one):
            continue
        one.loops = list(itertools.takewhile(lambda around: around.loop is not loop, one.loops))
        if not one.loops:
            del kept[index]


def _released(kept: Kept) -> bool:
    """Whether a sum holds no graph any more, or a list holds nothing."""
    if kept.container is not None:
        return not kept.container.fields["$items"]
    return kept.cell is not None and flow.carries(kept.cell[0].get(kept.cell[1], Const(None))) is False


def _around(run: Interpreter, node: Any, target: Any, old: Value) -> list[Around]:
    """The loops that an accumulator outlives iterations of, up to one that goes over more than a few terms."""
    found: list[Around] = []
    for loop in run.loops[: -1 - _DEEPEST : -1]:
        if not _outlives(run, target, old, loop):
            break
        found.append(Around(loop, loop.clock, *_blame(run, node, loop)))
        if loop.learned or not _over_terms(loop):
            break
    return found


def _over_terms(loop: Loop) -> bool:
    """Whether a loop goes over a few known things, such as the terms of a loss, in each iteration of another loop."""
    items = loop.iterable.items if type(loop.iterable) is Iteration else None
    return bool(items) and not all(type(item) is Const and not isinstance(item.value, str) for item in items or ())


def _cell(run: Interpreter, target: Any) -> Cell | None:
    """Where the value of a name or an attribute is kept."""
    if type(target) is ir.Name:
        frame = run.frame
        return (frame.module.names if target.id in frame.globals else frame.locals), target.id
    if type(target) is ir.Attr:
        owner = run.evaluate(target.value)
        return (owner.fields, target.name) if type(owner) is Obj else None
    return None


def _outlives(run: Interpreter, target: Any, old: Value, loop: Loop) -> bool:
    """Whether the accumulator existed before the current iteration began."""
    holder = old
    while type(target) is ir.Subscript:
        target = target.value
        if not _container(holder):
            holder = run.evaluate(target)
    if _container(holder):
        born: int = holder.fields.get("$born", 0)  # type: ignore[attr-defined]
        return born < loop.clock
    where = _cell(run, target)
    if where is None:
        return False
    return not any(cell is where[0] and key == where[1] for cell, key, _ in run.state.journal[loop.mark :])


def _container(value: Value) -> bool:
    return type(value) is Obj and value.kind in ("list", "dict")


def _blame(run: Interpreter, node: Any, loop: Loop) -> tuple[Place, Place | None]:
    """Where to point: the statement, or the call in the loop's own frame that hands the tensor to a helper."""
    place = run.place(node)
    if run.frame is loop.frame:
        return place, None
    index = run.frames.index(loop.frame)
    if run.frames[index + 1].site == loop.place:  # the loop of an engine: the frame is the method that it calls
        index += 1
        if run.frame is run.frames[index]:
            return place, None
    site = run.frames[index + 1].site
    return (site, place) if site is not None else (place, None)
