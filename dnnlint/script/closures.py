"""Closures that an optimiser's step evaluates, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import ClosureStep
from dnnlint.script import calls
from dnnlint.script.code import Args, Bound, Func
from dnnlint.script.events import ownership, starts
from dnnlint.script.tables import optimizers
from dnnlint.script.values import Const, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def evaluate(run: Interpreter, target: Value | None, args: Args, node: Any) -> None:
    """Evaluate the closure that a step is given, if any, and look at what it does and gives."""
    closure = args.get(0, "closure")
    given = closure is not None and not (type(closure) is Const and closure.value is None)
    known = type(target) is Obj and target.kind == "optimizer" and not args.open
    needed = known and ownership.title(target) in optimizers.NEEDS_CLOSURE  # type: ignore[arg-type]
    if not given:
        if needed and not starts.several(run, node):
            _state(run, target, node, None, "closure")
        return
    assert closure is not None
    if type(closure) is Tensor and known:
        _state(run, target, node, None, "function")
    elif type(closure) is not Const:
        before = (run.clock, run.record.backwards, run.record.strangers)
        result = calls.call(run, closure, Args(), node)
        if needed and run.record.strangers == before[2]:
            _judge(run, target, closure, result, before, node)  # type: ignore[arg-type]


def _judge(
    run: Interpreter, optimizer: Obj, closure: Value, result: Value, before: tuple[int, int, int], node: Any
) -> None:
    """What a closure of an optimiser that evaluates it several times a step must do, and this one does not."""
    func = closure.func if type(closure) is Bound else closure
    if type(func) is not Func:
        return
    where = Place(func.module.path, func.node.at)
    if run.record.backwards == before[1]:
        _state(run, optimizer, node, where, "backward")
    elif not any(clock > before[0] and one is optimizer for clock, one in run.record.clears):
        _state(run, optimizer, node, where, "clear")
    if type(result) is Const and result.value is None:
        _state(run, optimizer, node, where, "return")


def _state(run: Interpreter, optimizer: Any, node: Any, closure: Place | None, lacks: str) -> None:
    run.record.state(ClosureStep(run.place(node), ownership.title(optimizer), closure, lacks))
