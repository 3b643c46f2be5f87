"""Blocks with a clean-up, which runs however they are left: with and try."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import binding, contexts, inlining, ir
from dnnlint.script.state import Delta
from dnnlint.script.values import Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def enter(run: Interpreter, node: Any) -> bool:
    """A with statement: what its contexts change is changed back at the end."""
    return _enter(run, node, 0)


def _enter(run: Interpreter, node: Any, index: int) -> bool:
    if index == len(node.items):
        return run.block(node.body)
    item, target = node.items[index]
    value = run.evaluate(item)
    if type(value) is Obj and value.kind == "generator":
        return _resumed(run, node, index, value)
    value, leave = contexts.enter(run, value, item)
    if target is not None:
        binding.assign(run, target, value)
    if leave is None:
        return _enter(run, node, index + 1)
    ends = _ends(run)
    alive = _enter(run, node, index + 1)
    _settle(run, ends, leave)
    leave()
    return alive


def _resumed(run: Interpreter, node: Any, index: int, made: Obj) -> bool:
    """A @contextmanager function: its body runs, and where it yields, the body of the with statement runs."""
    outer, loops, frame = list(run.frames), run.loops, run.frame
    results: list[bool] = []
    before = len(frame.exits)

    def resume(value: Value) -> None:
        inner, inner_loops = run.frames, run.loops
        run.frames, run.loops = outer, loops
        outer[-1].depth += 1
        try:
            target = node.items[index][1]
            if target is not None:
                binding.assign(run, target, value)
            exits = len(frame.exits)
            results.append(_enter(run, node, index + 1))
            if len(frame.exits) > exits:
                run.state.merge([frame.exits[-1][1]])
        finally:
            outer[-1].depth -= 1
            run.frames, run.loops = inner, inner_loops

    inlining.call_function(run, made.fields["$func"], made.fields["$given"], node.items[index][0], resume)
    if len(frame.exits) > before:  # what the manager does after the yield happens before the return takes effect
        frame.exits[-1] = (frame.exits[-1][0], run.state.peek(frame.mark))
    return results[-1] if results else run.block(node.body)


def attempt(run: Interpreter, node: Any) -> bool:
    """A try statement: its body, or any of its handlers in its place."""
    frame = run.frame

    def body() -> bool:
        return run.block(node.body) and run.block(node.orelse)

    def handler(name: str | None, block: ir.Block) -> Callable[[], bool]:
        def handle() -> bool:
            if name is not None:
                run.write(frame.locals, name, Obj("opaque", name=name))
            return run.block(block)

        return handle

    ends = _ends(run)
    alive = run.branch([body, *[handler(name, block) for name, block in node.handlers]]) if node.handlers else body()
    if not node.final:
        return alive
    _settle(run, ends, lambda: run.block(node.final))
    return run.block(node.final) and alive


def _ends(run: Interpreter) -> tuple[int, int, int]:
    """How many ways out of the frame and its innermost loop have been taken so far."""
    loop = run.frame.loops[-1] if run.frame.loops else None
    return (len(run.frame.exits), len(loop.breaks), len(loop.continues)) if loop else (len(run.frame.exits), 0, 0)


def _settle(run: Interpreter, ends: tuple[int, int, int], leave: Callable[[], Any]) -> None:
    """A block that was left early still runs its clean-up on the way out."""
    frame = run.frame
    for index in range(ends[0], len(frame.exits)):
        value, delta = frame.exits[index]
        if delta:
            frame.exits[index] = (value, _cleaned(run, delta, leave))
    loop = frame.loops[-1] if frame.loops else None
    if loop is not None:
        loop.breaks[ends[1] :] = [_cleaned(run, delta, leave) for delta in loop.breaks[ends[1] :]]
        loop.continues[ends[2] :] = [_cleaned(run, delta, leave) for delta in loop.continues[ends[2] :]]


def _cleaned(run: Interpreter, delta: Delta, leave: Callable[[], Any]) -> Delta:
    mark = run.state.mark()
    run.state.merge([delta])
    exits = len(run.frame.exits)
    leave()
    del run.frame.exits[exits:]
    return run.state.rollback(mark)
