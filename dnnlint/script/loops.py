"""Loops: known short sequences element by element, everything else twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import binding, ir, iteration
from dnnlint.script.events import departure, retention
from dnnlint.script.frames import Loop
from dnnlint.script.state import Delta
from dnnlint.script.values import Const, Iteration, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_UNROLL = 8  # a short known sequence is run element by element, so that layers built in a loop are told apart


def repeat(run: Interpreter, node: Any, iterable: Value | None) -> bool:
    """Run a loop: known short sequences element by element, everything else twice."""
    frame = run.frame
    iteration.gone_over(iterable)
    loop = Loop(node, run.place(node), frame, iterable, run.tick())
    loop.entry = set(frame.locals)
    loop.guards = len(run.guards)
    loop.arm = run.arm
    run.loops.append(loop)
    frame.loops.append(loop)
    before = run.record.stepped, len(run.record.calls)
    again = True
    try:
        items = _unrolled(run, node, iterable)
        if items is not None:
            events = run.record.events
            for count, item in enumerate(items):
                again = _iteration(run, loop, item)
                if not again:
                    break
                if count and run.record.events - events > 40 * (count + 1):
                    break
        else:
            _forget_counters(run, node)
            events = run.record.events
            again = _iteration(run, loop, None)
            if again and run.record.events != events:
                _iteration(run, loop, None)
    finally:
        run.loops.pop()
        frame.loops.pop()
    departure.left(run, loop, again, *before)
    if loop.breaks:
        breaks = loop.breaks
        return run.branch([lambda: True, *[_replay(run, delta) for delta in breaks]]) and _after(run, node)
    return _after(run, node)


def _forget_counters(run: Interpreter, node: Any) -> None:
    """What a loop counts has no one value in it."""
    for target in node.counters:
        cells: list[dict[str, Any]] = []
        if type(target) is ir.Name:
            cells, name = [run.frame.locals, *run.frame.closure, run.frame.module.names], target.id
        elif type(target) is ir.Attr and type(target.value) is ir.Name:
            owner = run.frame.locals.get(target.value.id)
            cells, name = [owner.fields] if type(owner) is Obj else [], target.name
        for cell in cells:
            value = cell.get(name)
            if type(value) is Const and type(value.value) in (int, float):
                run.write(cell, name, Const(...))
                break


def _after(run: Interpreter, node: Any) -> bool:
    if type(node) is ir.While and not node.orelse and not _can_end(node):
        return False
    return run.block(node.orelse) if node.orelse else True


def _can_end(node: Any) -> bool:
    """``while True`` without a break never ends; anything else may."""
    return not (type(node.test) is ir.Const and node.test.value and not _breaks(node.body))


def _replay(run: Interpreter, delta: Delta) -> Callable[[], bool]:
    def merge() -> bool:
        run.state.merge([delta])
        return True

    return merge


def _unrolled(run: Interpreter, node: Any, iterable: Value | None) -> list[Value] | None:
    if type(iterable) is not Iteration or iterable.items is None or len(iterable.items) > 3 * _UNROLL:
        return None
    items = iterable.items
    if not items:
        return None
    if any(type(item) is not Const or isinstance(item.value, (str, bool)) for item in items):
        return items if len(items) <= 3 * _UNROLL else None
    if run.building:
        return items  # all of them: what comes after the loop may be as wide as their number tells
    return items[:_UNROLL] if run.forwards or _collects(node) else None


def _iteration(run: Interpreter, loop: Loop, item: Value | None) -> bool:
    """One pass over the body; False if no path comes back for another."""
    loop.passes += 1
    loop.clock = run.tick()
    loop.mark = run.state.mark()
    loop.continues = []
    if type(loop.node) is ir.For:
        if item is None:
            item = iteration.element(run, loop.iterable, loop.node)
        binding.assign(run, loop.node.target, item)
    elif loop.node.test is not None:
        run.evaluate(loop.node.test)
    kept = len(run.record.kept)
    alive = run.block(loop.node.body)
    if loop.continues:
        deltas = list(loop.continues)
        end = run.state.rollback(loop.mark)
        run.state.merge([*deltas, end] if alive else deltas)
        alive = True
    if len(run.record.kept) > kept:
        retention.release(run, loop, kept)
    return alive


def _breaks(body: list[Any]) -> bool:
    """Whether control can leave a loop from inside its body."""
    for statement in body:
        kind = type(statement)
        if kind in (ir.Break, ir.Return):
            return True
        if kind is ir.If and (any(_breaks(block) for _, block in statement.branches) or _breaks(statement.orelse)):
            return True
        if kind is ir.With and _breaks(statement.body):
            return True
        if kind is ir.Try and (
            _breaks(statement.body)
            or _breaks(statement.orelse)
            or any(_breaks(block) for _, block in statement.handlers)
        ):
            return True
    return False


def _collects(node: Any) -> bool:
    """Whether a loop body just builds something: appends or adds modules, and calls nothing that trains."""
    for statement in node.body:
        if (
            type(statement) is ir.ExprStmt
            and type(statement.value) is ir.Call
            and type(statement.value.func) is ir.Attr
        ):
            if statement.value.func.name in ("append", "extend", "add_module", "insert"):
                return not any(type(s) is ir.ExprStmt and _trains(s.value) for s in node.body)
        elif type(statement) is ir.AugAssign and type(statement.value) is ir.Seq:
            return True
    return False


def _trains(value: Any) -> bool:
    return type(value) is ir.Call and type(value.func) is ir.Attr and value.func.name in ("backward", "step")
