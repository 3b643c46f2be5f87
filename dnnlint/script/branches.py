"""Decisions of a program, and what a test tells about the names in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import ir
from dnnlint.script.events import idle, restoring
from dnnlint.script.lattice import join
from dnnlint.script.networks import modes, naming
from dnnlint.script.values import Const, Ext, Obj, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_ENDS = frozenset({"exit", "quit", "_exit", "error", "abort"})


def decide(run: Interpreter, branches: list[tuple[Any, ir.Block]], orelse: ir.Block) -> bool:
    """An if/elif/else chain: the decided branch, or all that are possible."""
    loads: list[Any] = []
    alive = _decided(run, branches, orelse, loads)
    if loads:
        restoring.resumed(run, loads)
    return alive


def _decided(run: Interpreter, branches: list[tuple[Any, ir.Block]], orelse: ir.Block, loads: list[Any]) -> bool:
    alternatives: list[Callable[[], bool]] = []
    for index, (test, block) in enumerate(branches):
        value = run.evaluate(test)
        if type(value) is Ext:
            idle.tested(run, value, test)
        known, soft = run.truth(value)
        if known is False:
            if soft:
                _explore(run, block, loads)
            continue
        if known is True:
            if soft and not alternatives and _refuses(block):
                continue  # nobody leaves the option at this default
            if soft:
                for _, other in branches[index + 1 :]:
                    _explore(run, other, loads)
                if orelse:
                    _explore(run, orelse, loads)
            if not alternatives:
                return run.block(block)
            alternatives.append(lambda block=block: run.block(block))  # type: ignore[misc]
            return run.branch(alternatives)
        alternatives.append(lambda test=test, block=block: _guarded(run, test, True, block))  # type: ignore[misc]
    if not alternatives:
        return run.block(orelse)
    tests = [test for test, _ in branches]
    alternatives.append(lambda: _guarded(run, tests[0] if len(tests) == 1 else None, False, orelse))
    return run.branch(alternatives)


def _refuses(block: ir.Block) -> bool:
    """Whether a block ends the program."""
    last: Any = block[-1] if block else None
    if type(last) is ir.ExprStmt and type(last.value) is ir.Call:
        return getattr(last.value.func, "id", getattr(last.value.func, "name", "")) in _ENDS
    return type(last) is ir.Raise


def _explore(run: Interpreter, block: ir.Block, loads: list[Any]) -> None:
    """Run the way of an option that is not taken by default; what it loads counts later on if it leads on from here."""
    before = len(run.record.loads)
    ends: list[bool] = []

    def way() -> bool:
        ends.append(run.block(block))
        return ends[0]

    run.explore(way)
    if ends and ends[0]:
        loads.extend(run.record.loads[before:])
    if not run.exploring:
        run.record.loads.clear()


def _guarded(run: Interpreter, test: Any, outcome: bool, block: ir.Block) -> bool:
    """Run a block under a test that is not decided."""
    run.guards.append(test)
    alive = narrowed(run, test, outcome) and run.block(block)
    run.guards.pop()
    return alive


def narrowed(run: Interpreter, test: Any, outcome: bool) -> bool:
    """Use what a test tells about a name: ``x is None``, ``x``, ``not x``."""
    if type(test) is ir.UnaryOp and test.op == "not":
        return narrowed(run, test.value, not outcome)
    if type(test) is ir.BoolOp and (test.op == "and") is outcome:
        for part in test.values:
            narrowed(run, part, outcome)
        return True
    if type(test) is ir.Call:
        return _narrowed_type(run, test, outcome)
    name, wanted = test, outcome
    if type(test) is ir.Compare and len(test.ops) == 1 and type(test.ops[0][1]) is ir.Const:
        operator, other = test.ops[0]
        if other.value is not None or operator not in ("is", "is not", "==", "!="):
            return True
        name, wanted = test.left, (operator in ("is not", "!=")) is outcome
    if type(name) is ir.Name:
        value = run.frame.locals.get(name.id)
        if type(value) is Obj and value.kind == "flag" and not outcome:
            modes.restore(run, value)
        if type(value) is Union:
            kept = tuple(
                option
                for option in value.options
                if not (type(option) is Const and (option.value is None or not option.value) is wanted)
            )
            if kept and len(kept) < len(value.options):
                run.write(run.frame.locals, name.id, kept[0] if len(kept) == 1 else Union(kept))
    return True


def _narrowed_type(run: Interpreter, test: Any, outcome: bool) -> bool:
    """``isinstance(net, nn.Module)`` that turned out false: the object is no network."""
    if outcome or getattr(test.func, "id", "") != "isinstance" or len(test.args) != 2:
        return True
    name, cls = test.args
    if type(name) is ir.Name and getattr(cls, "name", "") == "Module":
        value = run.frame.locals.get(name.id)
        others = [option for option in options(value) if not _maybe_module(option)] if isinstance(value, Value) else []
        if isinstance(value, Value) and len(others) < len(options(value)):
            run.write(run.frame.locals, name.id, join(others) if others else Obj("opaque"))
    return True


def _maybe_module(value: Value) -> bool:
    return type(value) is Obj and (value.kind == "module" or (value.kind == "opaque" and naming.network_like(value)))
