"""Loops that are left before what they go over is through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.script import ir, mentions, spelling
from dnnlint.script.facts import purpose
from dnnlint.script.values import Iteration, NetworkCall, Obj, Value

if TYPE_CHECKING:
    from dnnlint.diagnostic import Place
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_ON_PURPOSE = re.compile(
    r"debug|sanity|smoke|overfit|dry|profil|bench|find|one_?batch|single|first|warm|test_|visuali|plot|show|sampl|demo|"
    r"probe|inspect|calibrat|peek|example",
    re.IGNORECASE,
)


class Left(NamedTuple):
    """A way out of a loop that is always taken, or taken after a written number of iterations."""

    place: Place
    loop: Place
    how: str
    limit: int | None
    trains: bool
    over_data: bool
    calls: list[NetworkCall]


def left(run: Interpreter, loop: Loop, again: bool, steps: int, calls: int) -> None:
    """A loop has been run: can it be left early?"""
    record = run.record
    if record.stepped == steps and len(record.calls) == calls:
        return  # no training and no evaluation in it
    found = _always(loop.node.body) if not again else None
    limit = None
    trains = record.stepped > steps and loop.learned
    if found is None and not trains and type(loop.node) is ir.For:
        found, limit = _after_a_few(loop.node)
    if found is None or _single(loop) or _on_purpose(run):
        return
    if not trains and not _adds_up(loop.node.body):
        return
    how = "return" if type(found) is ir.Return else "break"
    over_data = type(loop.node) is ir.For and purpose.over_data(loop)
    made = Left(run.place(found), loop.place, how, limit, trains, over_data, record.calls[calls:])
    record.left.append(made)


def taken(run: Interpreter, iterator: Value, node: Any) -> None:
    """``next(iter(loader))`` in a function that evaluates, goes over nothing, and returns something."""
    func = run.frame.function
    loader = iterator.source if type(iterator) is Iteration else iterator
    if func is None or type(loader) is not Obj or loader.kind != "loader" or loader.fields.get("$trains"):
        return
    if not purpose.evaluates(func.name) or not purpose.evaluates(loader.name) or _on_purpose(run):
        return
    inside = list(mentions.nodes(func.node.body)) if type(func.node) is ir.FunctionDef else []
    returned = any(type(part) is ir.Return and part.value is not None for part in inside)
    if returned and not any(type(part) in (ir.For, ir.While, ir.Comp) for part in inside):
        run.record.taken.append((run.place(node), func, loader))


def _on_purpose(run: Interpreter) -> bool:
    """Whether a function says that it wants a part only, or hands out what it makes one by one."""
    if run.frame.yields is not None or purpose.unit_test(run.frame.module.path):
        return True
    return any(_ON_PURPOSE.search(frame.name) for frame in run.frames[1:])


def _single(loop: Loop) -> bool:
    """Whether a loop goes over one thing only, or goes on until something works out."""
    if type(loop.node) is ir.While:
        return type(loop.node.test) is ir.Const
    items = loop.iterable.items if type(loop.iterable) is Iteration else None
    return items is not None and len(items) < 2


def _always(body: ir.Block) -> Any:
    """The statement that leaves a loop in its first iteration, if control always comes to one."""
    for statement in body:
        kind = type(statement)
        if kind is ir.Break or kind is ir.Return:
            return statement
        if kind is ir.With:
            found = _always(statement.body)  # type: ignore[attr-defined]
            if found is not None:
                return found
    return None


def _after_a_few(loop: Any) -> tuple[Any, int | None]:
    """A break under a comparison of the loop's counter with a number that is written there."""
    counters = {spelling.spell(one.target) for one in loop.body if type(one) is ir.AugAssign and _counts(one)}
    if type(loop.target) is ir.Seq and loop.target.items:
        counters.add(spelling.spell(loop.target.items[0]))
    for statement in loop.body:
        if type(statement) is ir.If and len(statement.branches) == 1 and not statement.orelse:
            test, block = statement.branches[0]
            limit = _limit(test, counters)
            if limit is not None and block and type(block[-1]) in (ir.Break, ir.Return):
                return block[-1], limit
    return None, None


def _counts(node: Any) -> bool:
    return type(node.value) is ir.Const and node.op == "+"


def _limit(test: Any, counters: set[str]) -> int | None:
    if type(test) is not ir.Compare or len(test.ops) != 1:
        return None
    operator, right = test.ops[0]
    named = spelling.spell(test.left) in counters and operator in ("==", ">=", ">")
    return right.value if named and type(right) is ir.Const and type(right.value) is int and right.value >= 0 else None


def _adds_up(body: ir.Block) -> bool:
    """Whether something is summed or collected over the iterations."""
    for statement in body:
        kind: Any = type(statement)
        item: Any = statement
        if kind is ir.AugAssign and not _counts(item):
            return True
        method: Any = item.value.func if kind is ir.ExprStmt and type(item.value) is ir.Call else None
        if type(method) is ir.Attr and method.name in ("append", "extend", "update", "add_batch"):
            return True
        blocks = [item.body] if kind is ir.With else [block for _, block in item.branches] if kind is ir.If else []
        if any(_adds_up(block) for block in blocks):
            return True
    return False
