"""Switches of cuDNN and torch that decide whether a run can be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import DeterminismClash
from dnnlint.script import flow
from dnnlint.script.code import Args, Handler
from dnnlint.script.values import Const, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_SWITCHES = {
    "torch.backends.cudnn.benchmark": "$benchmark",
    "torch.backends.cudnn.deterministic": "$deterministic",
}


def assigned(run: Interpreter, dotted: str, value: Value, node: Any) -> None:
    """A setting of a library is assigned."""
    switch = _SWITCHES.get(dotted)
    if switch is not None:
        _set(run, switch, value, run.place(node))


def _set(run: Interpreter, switch: str, value: Value, place: Place) -> None:
    on = type(value) is Const and value.value is True
    run.write(run.record.switches, switch, on)
    if on:
        run.record.switched[switch] = place


def _use_deterministic(run: Interpreter, args: Args, node: Any) -> Value:
    mode = args.get(0, "mode")
    _set(run, "$deterministic", mode if mode is not None else Const(True), run.place(node))
    return flow.unknown(())


def settle(run: Interpreter) -> None:
    """At the end of a program: state whether both are on, on every path that leads there."""
    switches, places = run.record.switches, run.record.switched
    if switches.get("$benchmark") is True and switches.get("$deterministic") is True:
        run.record.state(DeterminismClash(places["$benchmark"], places["$deterministic"]))
    switches.clear()


def trainer(run: Interpreter, args: Args, node: Any) -> None:
    """``Trainer(deterministic=True, benchmark=True)`` of Lightning."""
    both = [args.keywords.get(name) for name in ("benchmark", "deterministic")]
    if all(type(value) is Const and value.value in (True, "warn") for value in both) and not run.exploring:
        run.record.state(DeterminismClash(run.place(node), run.place(node)))


HANDLERS: dict[str, Handler] = {"torch.use_deterministic_algorithms": _use_deterministic}
