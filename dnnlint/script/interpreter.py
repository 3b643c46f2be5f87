"""Runs a program abstractly: every statement once on each side of a branch, loops twice.

The second pass over a loop starts from where the first one ended, so it sees the steady state: what the back
edge carries. Calls of project functions are run in place, with a bounded budget.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dnnlint.diagnostic import Place
from dnnlint.script import ir
from dnnlint.script.code import Class, Func, Module
from dnnlint.script.events.record import Record
from dnnlint.script.expressions import EVALUATE
from dnnlint.script.frames import Frame, Loop
from dnnlint.script.lengths import Length
from dnnlint.script.state import State
from dnnlint.script.statements import STATEMENTS
from dnnlint.script.values import Const, Obj, Tensor, Tuple, Union, Value, options


class Exhausted(Exception):  # noqa: N818 - a signal, not an error
    """The budget of one file is spent; what is known so far stands."""


class Interpreter:
    """The machine: state, frames, loops, and the record of what training does."""

    def __init__(self, project: Any, fuel: int) -> None:
        self.project = project
        self.fuel = fuel
        self.main: Any = None  # the program of the file that is read
        self.spare = 0
        self.state = State()
        self.record = Record()
        self.frames: list[Frame] = []
        self.loops: list[Loop] = []
        self.flags: dict[str, Any] = {"grad": True}
        self.executed: set[int] = set()
        self.clock = 0
        self.arm = 0  # the way of an undecided branch that is being run, none of which has the number of another
        self.arms = 0
        self.exploring = 0  # depth of paths that the defaults do not take
        self.several = 0  # depth of calls whose callee may be one of several
        self.current: Any = None  # the statement being run
        self.guards: list[Any] = []  # the undecided tests that control stands under
        self.forwards = 0  # depth of network forwards being evaluated
        self.chains = 0  # depth of containers inside containers being applied
        self.building = 0  # depth of constructors being run
        self.operations: list[Any] | None = None  # data-flow nodes made by the forward being summarised
        self.summaries: dict[Any, tuple[Value, Any]] = {}  # results of forwards already run
        self.registered: dict[int, list[list[dict[str, Any]]]] = {}  # containers that decorators fill, run by run
        self.mentions: dict[str, int] = {}  # names that the file reads
        self.lengths: dict[int, Length] = {}  # numbers that were read off shapes, by identity
        self.version = 0  # counts changes to networks after they were built

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
        """The innermost call in progress."""
        return self.frames[-1]

    def place(self, node: Any) -> Place:
        """The address of a lowered node in the file being run."""
        return Place(self.frames[-1].module.path, node.at)

    def write(self, cell: dict[Any, Any], key: Any, value: Any) -> None:
        """Set a cell, so that a branch can take it back."""
        self.state.write(cell, key, value)

    def tick(self) -> int:
        """A point in time, later than all before."""
        self.clock += 1
        return self.clock

    def operation(self, tensor: Tensor) -> Tensor:
        """Register a node of the data flow."""
        if self.operations is not None:
            self.operations.append(tensor)
        return tensor

    def statement_call(self, node: Any) -> bool:
        """Whether a call stands alone as a statement (and so is not a context manager's)."""
        return self.current is not None and type(self.current) is ir.ExprStmt and self.current.value is node

    def steppers(self) -> set[str]:
        """The last names of everything whose ``step`` is spelt out in the files that were read."""
        programs = [module.program for module in self.project.modules.values() if module is not None]
        found: set[str] = self.main.steppers.union(*[program.steppers for program in programs])
        return found

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
        outer = self.arm
        for alternative in alternatives:
            self.arms += 1
            self.arm = self.arms
            mark = self.state.mark()
            alive = alternative()
            delta = self.state.rollback(mark)
            if alive:
                deltas.append(delta)
        self.arm = outer
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
        self.exploring += 1
        alternative()
        self.exploring -= 1
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
