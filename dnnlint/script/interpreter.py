"""Runs a program abstractly: every statement once on each side of a branch, loops twice.

The second pass over a loop starts from where the first one ended, so it sees the steady state: what the back
edge carries. Calls of project functions are run in place, with a bounded budget.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from dnnlint.diagnostic import Place
from dnnlint.script import calls, definitions, ir, networks, objects
from dnnlint.script.expressions import EVALUATE
from dnnlint.script.record import Record, spell
from dnnlint.script.state import Delta, State
from dnnlint.script.values import (
    MISSING,
    NEVER,
    Class,
    Const,
    Func,
    Iteration,
    Lazy,
    Module,
    Obj,
    Tensor,
    Tuple,
    Union,
    Value,
    options,
)

_MOST_FRAMES = 60
_UNROLL = 8  # a short known sequence is run element by element, so that layers built in a loop are told apart


class Exhausted(Exception):  # noqa: N818 - a signal, not an error
    """The budget of one file is spent; what is known so far stands."""


class Frame:
    """One call in progress."""

    __slots__ = (
        "closure", "depth", "exits", "function", "globals", "locals", "loops", "mark", "module", "name", "site",
        "resume", "yields",
    )  # fmt: skip

    def __init__(self, name: str, module: Module, names: dict[str, Any], closure: tuple[dict[str, Any], ...]) -> None:
        self.name = name
        self.module = module
        self.locals = names
        self.closure = closure
        self.exits: list[tuple[Value, Delta]] = []
        self.loops: list[Loop] = []
        self.mark = 0
        self.depth = 0
        self.globals: set[str] = set()
        self.yields: list[Value] | None = None
        self.function: Func | None = None
        self.resume: Callable[[Value], None] | None = None  # what runs where a context manager yields
        self.site: Place | None = None  # the call, in the caller's file


class Loop:
    """One loop in progress."""

    __slots__ = (
        "breaks", "clock", "continues", "entry", "frame", "iterable", "learned", "mark", "node", "passes", "place",
        "start",
    )  # fmt: skip

    def __init__(self, node: Any, place: Place, frame: Frame, iterable: Value | None, clock: int) -> None:
        self.node = node
        self.place = place
        self.frame = frame
        self.iterable = iterable
        self.clock = clock  # when the current iteration began
        self.start = clock  # when the loop began
        self.passes = 0
        self.mark = 0
        self.breaks: list[Delta] = []
        self.continues: list[Delta] = []
        self.entry: set[Any] = set()
        self.learned = False  # a backward pass ran in it


class Interpreter:
    """The machine: state, frames, loops, and the record of what training does."""

    def __init__(self, project: Any, fuel: int) -> None:
        self.project = project
        self.fuel = fuel
        self.spare = 0
        self.state = State()
        self.record = Record(self)
        self.frames: list[Frame] = []
        self.loops: list[Loop] = []
        self.flags: dict[str, Any] = {"grad": True}
        self.executed: set[int] = set()
        self.clock = 0
        self.current: Any = None  # the statement being run
        self.forwards = 0  # depth of network forwards being evaluated
        self.building = 0  # depth of constructors being run
        self.operations: list[Any] | None = None  # data-flow nodes made by the forward being summarised
        self.summaries: dict[Any, tuple[Value, Any]] = {}  # results of forwards already run
        self.version = 0  # counts changes to networks after they were built
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 60_000))

    def refuel(self, share: int) -> bool:
        """Take a share of what is left for the functions that nothing reaches; False once it is spent."""
        self.spare += max(self.fuel, 0)
        self.fuel = min(share, self.spare)
        self.spare -= self.fuel
        if not self.fuel:
            self.record.partial = True
        return self.fuel > 0

    # places and state

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def place(self, node: Any) -> Place:
        """The address of a lowered node in the file being run."""
        return Place(self.frames[-1].module.path, node.at)

    def write(self, cell: dict[Any, Any], key: Any, value: Any) -> None:
        self.state.write(cell, key, value)

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    def operation(self, tensor: Tensor) -> Tensor:
        """Register a node of the data flow."""
        if self.operations is not None:
            self.operations.append(tensor)
        return tensor

    def assign(self, target: Any, value: Value) -> None:
        assign(self, target, value)

    def statement_call(self, node: Any) -> bool:
        """Whether a call stands alone as a statement (and so is not a context manager's)."""
        return self.current is not None and type(self.current) is ir.ExprStmt and self.current.value is node

    # running

    def isolated(self, module: Module) -> None:
        """Run an imported file's top level, apart from where control is: an import is never undone by a branch."""
        kept = (self.state, self.frames, self.loops, self.flags, self.forwards, self.building, self.operations)
        self.state, self.frames, self.loops, self.flags = State(), [], [], {"grad": True}
        self.forwards, self.building, self.operations = 0, 0, None
        try:
            self.run_module(module)
        finally:
            self.state, self.frames, self.loops, self.flags, self.forwards, self.building, self.operations = kept

    def run_module(self, module: Module) -> None:
        """Run a file's top level."""
        frame = Frame("<module>", module, module.names, ())
        self.frames.append(frame)
        try:
            frame.mark = self.state.mark()
            self.block(module.program.body)
        finally:
            self.frames.pop()

    def block(self, body: ir.Block) -> bool:
        """Run statements in order; False if control cannot reach the end."""
        for statement in body:
            self.fuel -= 1
            if self.fuel < 0:
                raise Exhausted
            self.current = statement
            if not STATEMENTS[type(statement)](self, statement):
                return False
        return True

    def branch(self, alternatives: list[Callable[[], bool]]) -> bool:
        """Run alternatives from the same state and go on with the join of those that survive."""
        frame = self.frame
        frame.depth += 1
        deltas = []
        for alternative in alternatives:
            mark = self.state.mark()
            alive = alternative()
            delta = self.state.rollback(mark)
            if alive:
                deltas.append(delta)
        frame.depth -= 1
        if not deltas:
            return False
        self.state.merge(deltas)
        return True

    def explore(self, alternative: Callable[[], bool]) -> None:
        """Run a path that the defaults do not take, for what it shows, and forget what it did."""
        frame = self.frame
        exits, mark = len(frame.exits), self.state.mark()
        loop = self.loops[-1] if self.loops else None
        ends = (len(loop.breaks), len(loop.continues)) if loop is not None else (0, 0)
        frame.depth += 1
        alternative()
        frame.depth -= 1
        self.state.rollback(mark)
        del frame.exits[exits:]
        if loop is not None:
            del loop.breaks[ends[0] :]
            del loop.continues[ends[1] :]

    def evaluate(self, node: Any) -> Value:
        """The value of an expression."""
        return EVALUATE[type(node)](self, node)

    def truth(self, value: Value) -> tuple[bool | None, bool]:
        """Whether a value is certainly true or false, and whether only by default."""
        kind = type(value)
        if kind is Const:
            return (None, False) if value.value is ... else (bool(value.value), value.soft)  # type: ignore[attr-defined]
        if kind is Union:
            truths = {self.truth(option)[0] for option in options(value)}
            return (truths.pop(), False) if len(truths) == 1 else (None, False)
        if kind is Obj:
            obj: Obj = value  # type: ignore[assignment]
            if obj.kind in ("list", "dict"):
                items = obj.fields.get("$items")
                return (None, False) if not items or obj.fields.get("$more") else (True, False)
            return (True, False) if obj.kind not in ("opaque", "loader", "dataset", "parameters") else (None, False)
        if kind is Tuple:
            return bool(value.items), False  # type: ignore[attr-defined]
        if kind in (Func, Class, Module):
            return True, False
        return None, False

    # statements

    def decide(self, branches: list[tuple[Any, ir.Block]], orelse: ir.Block) -> bool:
        """An if/elif/else chain: the decided branch, or all that are possible."""
        alternatives: list[Callable[[], bool]] = []
        for index, (test, block) in enumerate(branches):
            known, soft = self.truth(self.evaluate(test))
            if known is False:
                if soft:
                    self.explore(lambda block=block: self.block(block))  # type: ignore[misc]
                continue
            if known is True:
                if soft:
                    for _, other in branches[index + 1 :]:
                        self.explore(lambda other=other: self.block(other))  # type: ignore[misc]
                    if orelse:
                        self.explore(lambda: self.block(orelse))
                if not alternatives:
                    return self.block(block)
                alternatives.append(lambda block=block: self.block(block))  # type: ignore[misc]
                return self.branch(alternatives)
            alternatives.append(lambda test=test, block=block: self.narrowed(test, True) and self.block(block))  # type: ignore[misc]
        if not alternatives:
            return self.block(orelse)
        tests = [test for test, _ in branches]
        alternatives.append(lambda: self.narrowed(tests[0] if len(tests) == 1 else None, False) and self.block(orelse))
        return self.branch(alternatives)

    def narrowed(self, test: Any, outcome: bool) -> bool:
        """Use what a test tells about a name: ``x is None``, ``x``, ``not x``."""
        if type(test) is ir.UnaryOp and test.op == "not":
            return self.narrowed(test.value, not outcome)
        if type(test) is ir.BoolOp and (test.op == "and") is outcome:
            for part in test.values:
                self.narrowed(part, outcome)
            return True
        if type(test) is ir.Call:
            return self.narrowed_type(test, outcome)
        name, wanted = test, outcome
        if type(test) is ir.Compare and len(test.ops) == 1 and type(test.ops[0][1]) is ir.Const:
            operator, other = test.ops[0]
            if other.value is not None or operator not in ("is", "is not", "==", "!="):
                return True
            name, wanted = test.left, (operator in ("is not", "!=")) is outcome
        if type(name) is ir.Name:
            value = self.frame.locals.get(name.id)
            if type(value) is Obj and value.kind == "flag" and not outcome:
                networks.restore_mode(self, value)
            if type(value) is Union:
                kept = tuple(
                    option
                    for option in value.options
                    if not (type(option) is Const and (option.value is None or not option.value) is wanted)
                )
                if kept and len(kept) < len(value.options):
                    self.write(self.frame.locals, name.id, kept[0] if len(kept) == 1 else Union(kept))
        return True

    def narrowed_type(self, test: Any, outcome: bool) -> bool:
        """``isinstance(net, nn.Module)`` that turned out false: the object is no network."""
        if outcome or getattr(test.func, "id", "") != "isinstance" or len(test.args) != 2:
            return True
        name, cls = test.args
        if type(name) is ir.Name and getattr(cls, "name", "") == "Module":
            value = self.frame.locals.get(name.id)
            if type(value) is Obj and value.kind == "opaque":
                self.write(self.frame.locals, name.id, Obj("opaque", sources=value.sources))
        return True

    def loop(self, node: Any, iterable: Value | None) -> bool:
        """Run a loop: known short sequences element by element, everything else twice."""
        frame = self.frame
        loop = Loop(node, self.place(node), frame, iterable, self.tick())
        loop.entry = set(frame.locals)
        self.loops.append(loop)
        frame.loops.append(loop)
        try:
            items = self.unrolled(node, iterable)
            if items is not None:
                events = self.record.events
                for count, item in enumerate(items):
                    if not self.iteration(loop, item):
                        break
                    if count and self.record.events - events > 40 * (count + 1):
                        break
            else:
                self.forget_counters(node)
                events = self.record.events
                again = self.iteration(loop, None)
                if again and self.record.events != events:
                    self.iteration(loop, None)
        finally:
            self.loops.pop()
            frame.loops.pop()
        if loop.breaks:
            breaks = loop.breaks
            return self.branch([lambda: True, *[self.replay(delta) for delta in breaks]]) and self.after_loop(node)
        return self.after_loop(node)

    def forget_counters(self, node: Any) -> None:
        """What a loop counts has no one value in it."""
        for target in node.counters:
            cells: list[dict[str, Any]] = []
            if type(target) is ir.Name:
                cells, name = [self.frame.locals, *self.frame.closure, self.frame.module.names], target.id
            elif type(target) is ir.Attr and type(target.value) is ir.Name:
                owner = self.frame.locals.get(target.value.id)
                cells, name = [owner.fields] if type(owner) is Obj else [], target.name
            for cell in cells:
                value = cell.get(name)
                if type(value) is Const and type(value.value) in (int, float):
                    self.write(cell, name, Const(...))
                    break

    def after_loop(self, node: Any) -> bool:
        if type(node) is ir.While and not node.orelse and not self.loop_can_end(node):
            return False
        return self.block(node.orelse) if node.orelse else True

    def loop_can_end(self, node: Any) -> bool:
        """``while True`` without a break never ends; anything else may."""
        return not (type(node.test) is ir.Const and node.test.value and not _breaks(node.body))

    def ends(self) -> tuple[int, int, int]:
        """How many ways out of the frame and its innermost loop have been taken so far."""
        loop = self.frame.loops[-1] if self.frame.loops else None
        return (len(self.frame.exits), len(loop.breaks), len(loop.continues)) if loop else (len(self.frame.exits), 0, 0)

    def settle(self, ends: tuple[int, int, int], leave: Callable[[], Any]) -> None:
        """A block that was left early still runs its clean-up on the way out."""
        frame = self.frame
        for index in range(ends[0], len(frame.exits)):
            value, delta = frame.exits[index]
            if delta:
                frame.exits[index] = (value, self.cleaned(delta, leave))
        loop = frame.loops[-1] if frame.loops else None
        if loop is not None:
            loop.breaks[ends[1] :] = [self.cleaned(delta, leave) for delta in loop.breaks[ends[1] :]]
            loop.continues[ends[2] :] = [self.cleaned(delta, leave) for delta in loop.continues[ends[2] :]]

    def cleaned(self, delta: Delta, leave: Callable[[], Any]) -> Delta:
        mark = self.state.mark()
        self.state.merge([delta])
        exits = len(self.frame.exits)
        leave()
        del self.frame.exits[exits:]
        return self.state.rollback(mark)

    def replay(self, delta: Delta) -> Callable[[], bool]:
        def run() -> bool:
            self.state.merge([delta])
            return True

        return run

    def unrolled(self, node: Any, iterable: Value | None) -> list[Value] | None:
        if type(iterable) is not Iteration or iterable.items is None or len(iterable.items) > 3 * _UNROLL:
            return None
        items = iterable.items
        if not items:
            return None
        if any(type(item) is not Const or isinstance(item.value, (str, bool)) for item in items):
            return items if len(items) <= 3 * _UNROLL else None
        return items[:_UNROLL] if self.building or self.forwards or _collects(node) else None

    def iteration(self, loop: Loop, item: Value | None) -> bool:
        """One pass over the body; False if no path comes back for another."""
        loop.passes += 1
        loop.clock = self.tick()
        loop.mark = self.state.mark()
        loop.continues = []
        if type(loop.node) is ir.For:
            if item is None:
                item = objects.element(self, loop.iterable, loop.node)
            assign(self, loop.node.target, item)
        elif loop.node.test is not None:
            self.evaluate(loop.node.test)
        alive = self.block(loop.node.body)
        if not loop.continues:
            return alive
        deltas = list(loop.continues)
        end = self.state.rollback(loop.mark)
        self.state.merge([*deltas, end] if alive else deltas)
        return True


def _breaks(body: ir.Block) -> bool:
    for statement in body:
        kind = type(statement)
        if kind in (ir.Break, ir.Return):
            return True
        if kind is ir.If and (any(_breaks(block) for _, block in statement.branches) or _breaks(statement.orelse)):
            return True
        if kind is ir.With and _breaks(statement.body):
            return True
        if kind is ir.Try and (
            _breaks(statement.body) or _breaks(statement.orelse) or any(_breaks(block) for _, block in statement.handlers)
        ):
            return True
    return False


def _collects(node: Any) -> bool:
    """Whether a loop body just builds something: appends or adds modules, and calls nothing that trains."""
    for statement in node.body:
        if type(statement) is ir.ExprStmt and type(statement.value) is ir.Call and type(statement.value.func) is ir.Attr:
            if statement.value.func.name in ("append", "extend", "add_module", "insert"):
                return not any(type(s) is ir.ExprStmt and _trains(s.value) for s in node.body)
        elif type(statement) is ir.AugAssign and type(statement.value) is ir.Seq:
            return True
    return False


def _trains(value: Any) -> bool:
    return type(value) is ir.Call and type(value.func) is ir.Attr and value.func.name in ("backward", "step")


# statements


def _expr(run: Interpreter, node: Any) -> bool:
    return run.evaluate(node.value) is not NEVER


def _assign(run: Interpreter, node: Any) -> bool:
    if node.value is None:
        return True
    value = run.evaluate(node.value)
    if value is NEVER:
        return False
    if type(node.value) is ir.BinOp and len(node.targets) == 1:
        _reassigned(run, node, value)
    for target in node.targets:
        if type(value) is Obj and not value.name:
            value.name = _spelling(target)
        assign(run, target, value)
    return True


def _reassigned(run: Interpreter, node: Any, value: Value) -> None:
    """``total = total + loss`` keeps what ``total += loss`` keeps."""
    target = spell(node.targets[0])
    if target != "..." and target in (spell(node.value.left), spell(node.value.right)) and node.value.op in "+-":
        new = node.value.right if spell(node.value.left) == target else node.value.left
        run.record.keep(node, node.targets[0], value, run.evaluate(new), "+=", value)


def _spelling(target: Any) -> str:
    if type(target) is ir.Name:
        return str(target.id)
    return str(target.name) if type(target) is ir.Attr else ""


def _augment(run: Interpreter, node: Any) -> bool:
    old = run.evaluate(node.target)
    new = run.evaluate(node.value)
    assign(run, node.target, objects.augment(run, node, old, new))
    return True


def _if(run: Interpreter, node: Any) -> bool:
    return run.decide(node.branches, node.orelse)


def _for(run: Interpreter, node: Any) -> bool:
    return run.loop(node, objects.iterate(run, run.evaluate(node.iter), node))


def _while(run: Interpreter, node: Any) -> bool:
    known, soft = run.truth(run.evaluate(node.test))
    if known is False and not soft:
        return True
    return run.loop(node, None)


def _with(run: Interpreter, node: Any) -> bool:
    return _enter(run, node, 0)


def _enter(run: Interpreter, node: Any, index: int) -> bool:
    if index == len(node.items):
        return run.block(node.body)
    item, target = node.items[index]
    value = run.evaluate(item)
    if type(value) is Obj and value.kind == "generator":
        return _resumed(run, node, index, value)
    value, leave = objects.enter(run, value, item)
    if target is not None:
        assign(run, target, value)
    if leave is None:
        return _enter(run, node, index + 1)
    ends = run.ends()
    alive = _enter(run, node, index + 1)
    run.settle(ends, leave)
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
                assign(run, target, value)
            exits = len(frame.exits)
            results.append(_enter(run, node, index + 1))
            if len(frame.exits) > exits:
                run.state.merge([frame.exits[-1][1]])
        finally:
            outer[-1].depth -= 1
            run.frames, run.loops = inner, inner_loops

    calls.call_function(run, made.fields["$func"], made.fields["$given"], node.items[index][0], resume)
    if len(frame.exits) > before:  # what the manager does after the yield happens before the return takes effect
        frame.exits[-1] = (frame.exits[-1][0], run.state.peek(frame.mark))
    return results[-1] if results else run.block(node.body)


def _try(run: Interpreter, node: Any) -> bool:
    frame = run.frame

    def body() -> bool:
        return run.block(node.body) and run.block(node.orelse)

    def handler(name: str | None, block: ir.Block) -> Callable[[], bool]:
        def handle() -> bool:
            if name is not None:
                run.write(frame.locals, name, Obj("opaque", name=name))
            return run.block(block)

        return handle

    ends = run.ends()
    alive = run.branch([body, *[handler(name, block) for name, block in node.handlers]]) if node.handlers else body()
    if not node.final:
        return alive
    run.settle(ends, lambda: run.block(node.final))
    return run.block(node.final) and alive


def _function(run: Interpreter, node: Any) -> bool:
    function = definitions.function(run, node)
    bind(run, node.name, function)
    return True


def _class(run: Interpreter, node: Any) -> bool:
    bind(run, node.name, definitions.klass(run, node))
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
        bind(run, name, Lazy(run.frame.module, 0, dotted.partition(".")[0] if top else dotted, None))
    return True


def _import_from(run: Interpreter, node: Any) -> bool:
    if node.names is None:
        definitions.star(run, node)
        return True
    for name, bound in node.names:
        bind(run, bound, Lazy(run.frame.module, node.level, node.module, name))
    return True


def _global(run: Interpreter, node: Any) -> bool:
    run.frame.globals.update(node.names)
    return True


def _assert(run: Interpreter, node: Any) -> bool:
    run.evaluate(node.test)
    return run.narrowed(node.test, True)


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


def bind(run: Interpreter, name: str, value: Value) -> None:
    """Bind a name in the current scope, or where a global statement sends it."""
    frame = run.frame
    if name in frame.globals:
        for cell in frame.closure:
            if name in cell:
                run.write(cell, name, value)
                return
        run.write(frame.module.names, name, value)
    else:
        run.write(frame.locals, name, value)


def assign(run: Interpreter, target: Any, value: Value) -> None:
    """Bind a target: a name, an attribute, an item, or a pattern of them."""
    kind = type(target)
    if kind is ir.Name:
        bind(run, target.id, value)
    elif kind is ir.Attr:
        objects.set_attribute(run, run.evaluate(target.value), target.name, value, target)
    elif kind is ir.Subscript:
        objects.set_item(run, run.evaluate(target.value), run.evaluate(target.index), value)
    elif kind is ir.Starred:
        assign(run, target.value, value)
    elif kind is ir.Seq:
        for part, item in zip(target.items, objects.unpack(run, value, target), strict=True):
            assign(run, part, item)


STATEMENTS: dict[type, Callable[[Interpreter, Any], bool]] = {
    ir.ExprStmt: _expr,
    ir.Assign: _assign,
    ir.AugAssign: _augment,
    ir.If: _if,
    ir.For: _for,
    ir.While: _while,
    ir.With: _with,
    ir.Try: _try,
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
