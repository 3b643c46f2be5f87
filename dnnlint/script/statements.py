"""What statements do: one small function a construct."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import (
    attributes,
    binding,
    blocks,
    branches,
    choices,
    definitions,
    ir,
    iteration,
    loops,
    operators,
    selections,
)
from dnnlint.script.code import Lazy
from dnnlint.script.events import freezing, idle, keepsakes, retention, timeline
from dnnlint.script.lattice import MISSING
from dnnlint.script.spelling import spell
from dnnlint.script.values import NEVER, TALLY, TOTAL, Const, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def _expr(run: Interpreter, node: Any) -> bool:
    inner = node.value
    if type(inner) is ir.Compare:
        freezing.compared(run, node)
    if type(inner) is ir.Attr:
        receiver = run.evaluate(inner.value)
        idle.uncalled(run, receiver, inner, attributes.get_attribute(run, receiver, inner.name, inner))
        return True
    value = run.evaluate(inner)
    if (type(value) is Tensor or type(value) is Obj) and type(inner) is ir.Call:
        idle.dropped(run, inner, value)
    return value is not NEVER


def _assign(run: Interpreter, node: Any) -> bool:
    if node.value is None:
        return True
    value = run.evaluate(node.value)
    if value is NEVER:
        return False
    if type(node.value) is ir.BinOp and len(node.targets) == 1:
        _reassigned(run, node, value)
    if run.loops and type(value) is Obj and value.kind in ("module", "opaque"):
        keepsakes.kept(run, node, value)
    if type(node.value) is ir.Compare:
        choice = choices.in_flag(node)
        if choice is not None:
            selections.chosen(run, choice)
    for target in node.targets:
        if run.loops and type(target) is ir.Name and "loss" in target.id.lower():
            timeline.loss(run, value, run.place(node))
            if type(value) is Tensor and value.op in ("div", "mul"):
                run.record.timeline.weighted.append(run.clock)
        binding.name(target, value)
        binding.assign(run, target, value)
    return True


def _reassigned(run: Interpreter, node: Any, value: Value) -> None:
    """``total = total + loss`` keeps what ``total += loss`` keeps, and so does a running average."""
    target, total = spell(node.targets[0]), node.value
    if target == "..." or total.op not in "+-":
        return
    sides = (total.left, total.right)
    for side, new in (sides, sides[::-1]):
        if spell(side) == target or (type(side) is ir.BinOp and side.op == "*" and _has(side, target)):
            retention.keep(run, node, node.targets[0], value, run.evaluate(new), "+=", value)
            return


def _has(product: Any, target: str) -> bool:
    return target in (spell(product.left), spell(product.right))


def _augment(run: Interpreter, node: Any) -> bool:
    old = run.evaluate(node.target)
    new = run.evaluate(node.value)
    result = operators.augment(run, node, old, new)
    if node.op in ("/", "*") and run.loops and "loss" in spell(node.target).lower():
        run.record.timeline.weighted.append(run.clock)
    counts = type(result) is Const and result is not TOTAL and type(node.target) is ir.Attr
    if counts and run.loops and not run.building:  # what an object counts, has no one value in the loop that counts
        result = TALLY if operators.counts(node, new) else Const(...)
    binding.assign(run, node.target, result)
    return True


def _if(run: Interpreter, node: Any) -> bool:
    if node.choice is not None:
        selections.chosen(run, node.choice)
    return branches.decide(run, node.branches, node.orelse)


def _for(run: Interpreter, node: Any) -> bool:
    return loops.repeat(run, node, iteration.iterate(run, run.evaluate(node.iter), node))


def _while(run: Interpreter, node: Any) -> bool:
    known, soft = run.truth(run.evaluate(node.test))
    if known is False and not soft:
        return True
    return loops.repeat(run, node, None)


def _function(run: Interpreter, node: Any) -> bool:
    function = definitions.function(run, node)
    binding.bind(run, node.name, function)
    return True


def _class(run: Interpreter, node: Any) -> bool:
    binding.bind(run, node.name, definitions.klass(run, node))
    return True


def _return(run: Interpreter, node: Any) -> bool:
    frame = run.frame
    value = run.evaluate(node.value) if node.value is not None else Const(None)
    frame.exits.append((value, run.state.peek(frame.mark) if frame.depth or frame.loops else {}))
    if not frame.depth and not frame.loops and len(frame.exits) == 1:
        return False
    if not (frame.depth or frame.loops):
        frame.exits[-1] = (value, run.state.peek(frame.mark))
    return False


def _dead(run: Interpreter, node: Any) -> bool:
    return False


def _break(run: Interpreter, node: Any) -> bool:
    loop = run.loops[-1] if run.loops else None
    if loop is not None:
        if run.record.keepsakes:
            keepsakes.left(run, loop.clock)
        loop.breaks.append(run.state.peek(loop.mark))
    return False


def _continue(run: Interpreter, node: Any) -> bool:
    loop = run.loops[-1] if run.loops else None
    if loop is not None:
        loop.continues.append(run.state.peek(loop.mark))
    return False


def _delete(run: Interpreter, node: Any) -> bool:
    for target in node.targets:
        if type(target) is ir.Name and target.id in run.frame.locals:
            run.write(run.frame.locals, target.id, MISSING)
        elif type(target) is ir.Subscript and type(target.index) is ir.Slice:
            obj = run.evaluate(target.value)
            if type(obj) is Obj and obj.kind == "list":
                run.write(obj.fields, "$items", ())
    return True


def _import(run: Interpreter, node: Any) -> bool:
    for dotted, name, top in node.names:
        binding.bind(run, name, Lazy(run.frame.module, 0, dotted.partition(".")[0] if top else dotted, None))
    return True


def _import_from(run: Interpreter, node: Any) -> bool:
    if node.names is None:
        definitions.star(run, node)
        return True
    for name, bound in node.names:
        binding.bind(run, bound, Lazy(run.frame.module, node.level, node.module, name))
    return True


def _global(run: Interpreter, node: Any) -> bool:
    run.frame.globals.update(node.names)
    return True


def _assert(run: Interpreter, node: Any) -> bool:
    run.evaluate(node.test)
    return branches.narrowed(run, node.test, True)


def _match(run: Interpreter, node: Any) -> bool:
    subject = run.evaluate(node.subject)
    alternatives: list[Callable[[], bool]] = []
    for values, names, guard, block in node.cases:
        decided = _matches(run, subject, values) if guard is None else None
        if decided is False:
            continue

        def case(names: list[str] = names, guard: Any = guard, block: ir.Block = block) -> bool:
            for name in names:
                run.write(run.frame.locals, name, subject if len(names) == 1 else Obj("opaque", name=name))
            if guard is not None:
                run.evaluate(guard)
            return run.block(block)

        alternatives.append(case)
        if decided is True:
            return run.branch(alternatives) if len(alternatives) > 1 else case()
    return run.branch([*alternatives, lambda: True])


def _matches(run: Interpreter, subject: Value, values: list[Any] | None) -> bool | None:
    if not values or type(subject) is not Const:
        return None
    for value in values:
        known = run.evaluate(value)
        if type(known) is not Const:
            return None
        if known.value == subject.value:
            return True
    return False


STATEMENTS: dict[type, Callable[[Interpreter, Any], bool]] = {
    ir.ExprStmt: _expr,
    ir.Assign: _assign,
    ir.AugAssign: _augment,
    ir.If: _if,
    ir.For: _for,
    ir.While: _while,
    ir.With: blocks.enter,
    ir.Try: blocks.attempt,
    ir.FunctionDef: _function,
    ir.ClassDef: _class,
    ir.Return: _return,
    ir.Raise: _dead,
    ir.Break: _break,
    ir.Continue: _continue,
    ir.Delete: _delete,
    ir.Import: _import,
    ir.ImportFrom: _import_from,
    ir.Global: _global,
    ir.Nonlocal: _global,
    ir.Assert: _assert,
    ir.Match: _match,
}
