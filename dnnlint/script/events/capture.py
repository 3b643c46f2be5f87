"""What an optimiser takes when it is made, and whether it is still what trains when it steps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Rebuilt, Unowned
from dnnlint.script import ir, objects
from dnnlint.script.code import Args
from dnnlint.script.events import ownership
from dnnlint.script.networks import tree
from dnnlint.script.values import NOWHERE, Const, Iteration, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_ROUNDS = re.compile(
    r"task|fold|round|stage|phase|client|run|trial|seed|level|scale|experience|subset|agent|user|im(?:a)?g|frame|style|"
    r"model|net|lr|exp(?!och)|config|split|member|shot|meta|restart|cycle|worker|teacher|layer|block|scene|domain",
    re.IGNORECASE,
)
_WITHOUT_STATE = frozenset({"SGD"})


def taken(run: Interpreter, optimizer: Obj, params: Value | None, owners: list[Value], more: bool = False) -> None:
    """An optimiser is given parameters: remember the layers as they are now, and in which loops."""
    parts = [part for owner in owners if tree.is_module(owner) for _, part in tree.descendants(owner)]
    held = (*optimizer.fields.get("$held", ()), *[part for part in parts if tree.parametric(part)])
    optimizer.fields["$held"] = held
    if more:
        return
    optimizer.fields["$taken"] = run.clock
    optimizer.fields["$loops"] = tuple([(loop, loop.clock, run.guards[loop.guards :]) for loop in run.loops])
    if params is not None and optimizer.at != NOWHERE:
        _nothing(run, optimizer, params)
        for group in objects.contents(params) if type(params) is Obj and params.kind == "list" else ():
            entries = group.fields["$items"] if type(group) is Obj and group.kind == "dict" else {}
            inner = entries.get("params") if isinstance(entries, dict) else None
            if type(inner) is Obj and inner.kind == "parameters":
                _nothing(run, optimizer, inner)


def _nothing(run: Interpreter, optimizer: Obj, params: Value) -> None:
    """State that there is nothing left in what an optimiser is given; a generator is used up from now on."""
    if type(params) is not Obj:
        return
    fault = ""
    if params.kind == "parameters":
        if params.fields.get("$spent") is True:
            fault = "spent"
        spend(run, params)
    elif params.kind == "list" and params.fields["$items"] == () and not params.fields.get("$more"):
        fault = "empty"
    if fault:
        run.record.state(Unowned(ownership.title(optimizer), optimizer.at, fault))


def spend(run: Interpreter, params: Value) -> None:
    """Parameters were gone through: a generator gives them only once."""
    if type(params) is Obj and params.fields.get("$once"):
        run.write(params.fields, "$spent", True)


def stepped(run: Interpreter, optimizer: Obj, place: Place) -> None:
    """An optimiser steps: state if it was made anew in this very iteration, for a network that stays."""
    loops: tuple[tuple[Loop, int, list[Any]], ...] = optimizer.fields.get("$loops", ())
    if not loops or not run.loops or type(optimizer.cls) is not str:
        return
    loop, clock, tests = loops[-1]
    guarded = run.guards[loop.guards :][: len(tests)] != tests  # else it steps only where it was made
    depth = next((index for index, one in enumerate(reversed(run.loops)) if one is loop), None)
    if depth is None or depth > 1 or loop.clock != clock or guarded or loop.passes < 2 or not _repeats(loop, depth):
        return
    if all(_stays(run, owner, loop) for owner in ownership.owned(optimizer)) and ownership.owned(optimizer):
        every = "epoch" if depth else "step"
        made = optimizer.at
        run.record.state(Rebuilt(made, ownership.title(optimizer), _stateful(optimizer), loop.place, place, every))


def _repeats(loop: Loop, depth: int) -> bool:
    """Whether a loop goes over epochs or batches, and not over tasks, folds or stages, each trained from new."""
    if type(loop.node) is not ir.For:
        return type(loop.node) is ir.While and not depth
    items = loop.iterable.items if type(loop.iterable) is Iteration else None
    if items is not None and any(type(item) is not Const or isinstance(item.value, str) for item in items):
        return False
    return not any(_ROUNDS.search(name) for name in _names(loop.node.target))


def _names(target: Any) -> list[str]:
    if type(target) is ir.Seq:
        return [name for part in target.items for name in _names(part)]
    return [str(getattr(target, "id", getattr(target, "name", "")))]


def _stays(run: Interpreter, owner: Value, loop: Loop) -> bool:
    """Whether a network was there before the loop began, and is not set back in it."""
    if type(owner) is not Obj or owner.kind not in ("module", "opaque"):
        return False
    born = max(owner.fields.get(key, 0) for key in ("$clock", "$from", "$copied"))
    if born >= loop.start or owner.fields.get("$loaded", 0) >= loop.start:
        return False
    return not any(cell.get(key) is owner for cell, key, _ in run.state.journal[loop.mark :])


def _stateful(optimizer: Obj) -> bool | None:
    """Whether an optimiser keeps something from step to step."""
    if ownership.title(optimizer) not in _WITHOUT_STATE:
        return True
    args: Args | None = optimizer.fields.get("$args")
    momentum = args.get(2, "momentum") if args is not None else None
    if momentum is None:
        return None if args is None or args.open else False
    return bool(momentum.value) if type(momentum) is Const and momentum.value is not ... else None
