"""Accumulation: steps that come once in several backward passes, and clears that come with each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import WipedStep
from dnnlint.script import ir
from dnnlint.script.events import gradients, guards, ownership
from dnnlint.script.values import Obj

if TYPE_CHECKING:
    from dnnlint.diagnostic import Place
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_UNUSED = frozenset({"ready", "mixed", "dirty"})
_COUNTING = frozenset({">=", ">", "=="})


def stepped(run: Interpreter, optimizer: Obj, place: Place) -> None:
    """An optimiser stepped: only in every so many iterations, if a count of them decides."""
    loop = _steady(run)
    if loop is not None and any(_counts(test, loop) for test in run.guards[loop.guards :]):
        backwards = frozenset(backward for _, backward, _ in gradients.paths(optimizer))
        run.record.windows[id(optimizer), id(loop.node)] = (place, backwards)
        _conclude(run, optimizer, loop)


def cleared(run: Interpreter, optimizer: Obj, place: Place) -> None:
    """Gradients are about to be cleared, in every iteration, with those of an iteration that did not step."""
    loop = _steady(run)
    if loop is None or len(run.guards) > loop.guards:
        return
    unused = [backward for state, backward, _ in gradients.paths(optimizer) if state in _UNUSED and backward]
    for backward in unused:
        when = run.record.when[backward]
        if when > loop.start and run.record.read < when:
            run.record.dropped[id(optimizer), id(loop.node)] = (backward, place)
            _conclude(run, optimizer, loop)


def _steady(run: Interpreter) -> Loop | None:
    loop = run.loops[-1] if run.loops and not run.exploring else None
    return loop if loop is not None and loop.passes > 1 else None


def _conclude(run: Interpreter, optimizer: Obj, loop: Loop) -> None:
    key = (id(optimizer), id(loop.node))
    step, dropped = run.record.windows.get(key), run.record.dropped.get(key)
    if step is not None and dropped is not None and dropped[0] in step[1]:  # a GAN clears what another loss left
        run.record.state(WipedStep(*dropped, step[0], ownership.title(optimizer)))


def _counts(test: Any, loop: Loop) -> bool:
    """Whether a test comes true once in several iterations: ``(i + 1) % n == 0``, ``seen >= n``."""
    for part in guards.walk(test):
        if type(part) is ir.BinOp and part.op == "%":
            return True
        if type(part) is ir.Compare and type(part.left) is ir.Name and part.ops[0][0] in _COUNTING:
            grown = (inner for inner in guards.walk(loop.node) if type(inner) is ir.AugAssign and inner.op == "+")
            if any(type(inner.target) is ir.Name and inner.target.id == part.left.id for inner in grown):
                return True
    return False
