"""Tensors that are kept where the next iteration still sees them, and their graphs with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import flow, ir, spelling
from dnnlint.script.values import Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter


class Kept:
    """A tensor put where the next iteration still sees it."""

    __slots__ = ("clock", "container", "how", "inner", "loop", "new", "place", "result", "target")

    def __init__(
        self, place: Place, inner: Place | None, how: str, target: str, new: Value, result: Value, loop: Loop
    ) -> None:
        self.place = place
        self.inner = inner  # the statement, if it stands in a function that the loop calls
        self.how = how
        self.target = target
        self.new = new
        self.result = result
        self.loop = loop
        self.clock = loop.clock  # when the iteration began; the loop goes on
        self.container: Obj | None = None  # the list it was put into


def keep(
    run: Interpreter, node: Any, target: Any, old: Value, new: Value, how: str, result: Value | None = None
) -> None:
    """A value was added to something that outlives the iteration."""
    if not run.loops or run.forwards or flow.carries(new) is False or not flow.flows(new):
        return
    loop = run.loops[-1]
    if not _outlives(run, target, old, loop):
        return
    run.record.events += 1
    kept = Kept(*_blame(run, node, loop), how, spelling.spell(target), new, result if result is not None else new, loop)
    if type(old) is Obj and old.kind == "list":
        kept.container = old
        old.fields["$kept"] = True
    run.record.kept.append(kept)


def _outlives(run: Interpreter, target: Any, old: Value, loop: Loop) -> bool:
    """Whether the accumulator existed before the current iteration began."""
    if type(old) is Obj and old.kind in ("list", "dict"):
        born: int = old.fields.get("$born", 0)
        return born < loop.clock
    root = target
    while type(root) in (ir.Attr, ir.Subscript):
        root = root.value
    cells: list[tuple[Any, Any]] = [(run.frame.locals, getattr(root, "id", ""))]
    if type(target) is ir.Attr:
        owner = run.evaluate(target.value)
        cells = [(owner.fields, target.name)] if type(owner) is Obj else []
    for cell, key, _ in run.state.journal[loop.mark :]:
        if any(cell is known and key == name for known, name in cells):
            return False
    return bool(cells)


def _blame(run: Interpreter, node: Any, loop: Loop) -> tuple[Place, Place | None]:
    """Where to point: the statement, or the call in the loop's own frame that hands the tensor to a helper."""
    place = run.place(node)
    if run.frame is loop.frame:
        return place, None
    index = run.frames.index(loop.frame)
    site = run.frames[index + 1].site
    return (site, place) if site is not None else (place, None)
