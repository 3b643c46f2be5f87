"""A network is called from outside any network: in which mode, in which loops, on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Mode
from dnnlint.script import ir, spelling
from dnnlint.script.code import Args
from dnnlint.script.events import devices
from dnnlint.script.networks import tree
from dnnlint.script.values import Const, NetworkCall, Obj, Tensor

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def called(run: Interpreter, call: NetworkCall, args: Args, node: Any) -> None:
    """A network was called from outside any network."""
    run.record.events += 1
    call.clock = run.tick()
    call.grad = run.flags["grad"]
    call.off = run.flags.get("off")
    call.loops = tuple(run.loops)
    call.functions = tuple([frame.name for frame in run.frames])
    call.args = tuple(args.values())
    call.names = (*_argument_names(node), *_loop_values(run))
    call.left = _left(run, call)
    devices.called(run, call, args)
    call.part = _part(run, call)
    run.record.calls.append(call)


def _part(run: Interpreter, call: NetworkCall) -> bool:
    """Whether a method of a network calls a part of it."""
    func = run.frame.function
    if func is None or func.owner is None or not func.node.params.positional:
        return False
    whole = run.frame.locals.get(func.node.params.positional[0])
    return tree.is_module(whole) and whole is not call.network and tree.within(call.network, whole)


def summarised(run: Interpreter, network: Obj, operations: list[Tensor]) -> None:
    """The data flow of a network was summarised."""
    run.record.networks.append((network, operations))
    if any(tensor.op == "dropout" and tensor.layer is None for tensor in operations):
        network.fields["$dropout"] = True


def _argument_names(node: Any) -> list[str]:
    """The arguments of a call as they are spelled."""
    found = [spelling.spell(arg).rpartition(".")[2] for arg in getattr(node, "args", ())]
    return [name for name in found if name and name != "..."]


def _loop_values(run: Interpreter) -> list[str]:
    """What loops over words stand at: the phase "val", the split "test"."""
    found = []
    for loop in run.loops:
        target: Any = getattr(loop.node, "target", None)
        value = loop.frame.locals.get(target.id) if type(target) is ir.Name else None
        if type(value) is Const and isinstance(value.value, str):
            found.append(value.value)
    return found


def _left(run: Interpreter, call: NetworkCall) -> Place | None:
    """An eval() from an earlier iteration of a loop around this call that no train() has undone on some path."""
    for mode, place, clock in call.modes:
        if mode is not Mode.EVAL or place is None:
            continue
        if any(loop.passes > 1 and loop.start < clock < loop.clock for loop in run.loops):
            return place
    return None
