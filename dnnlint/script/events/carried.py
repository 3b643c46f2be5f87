"""State of a recurrent network that is carried from one training step into the next with the graph that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence.script import CarriedState
from dnnlint.script import graph
from dnnlint.script.networks import tree
from dnnlint.script.values import NetworkCall, Obj, Tensor, Tuple, Union, Value

if TYPE_CHECKING:
    from dnnlint.diagnostic import Place
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_MOST = 400


def backpropagated(run: Interpreter, reach: graph.Reach, place: Place) -> None:
    """A backward pass: does it run through a state into an earlier iteration, which has had its own?"""
    loop = _steady(run, place)
    if loop is None:
        return
    for call in reach.calls:
        if call.clock < loop.clock:
            continue
        kept = [call.carried] if call.carried is not None and loop.start < call.carried.clock < loop.clock else []
        for earlier in (*kept, *[_comes_from(value, loop.clock) for value in call.args]):
            if earlier is not None and earlier.trained:
                run.record.state(CarriedState(call.place, graph.title(call.network), place, loop.place))
                return


def keeps(run: Interpreter, call: NetworkCall, mark: int) -> bool:
    """Whether a forward left tensors with their graphs in attributes, and maybe took those of an earlier call."""
    found = False
    attributes: set[int] | None = None
    for cell, key, old in run.state.journal[mark:]:
        if type(key) is not str or key[:1] == "$" or call.network.kind != "module":
            continue
        new = cell.get(key)
        if new is old or not isinstance(new, Value):
            continue
        tensors = _tensors(new)
        if not tensors:
            continue
        if attributes is None:
            attributes = {id(part.fields) for _, part in tree.descendants(call.network)}
        if id(cell) not in attributes:
            continue
        found = True
        earlier = _kept_by(run, old) if isinstance(old, Value) else None
        if earlier is not None and _reaches(new, old):
            call.carried = earlier
        for tensor in tensors:
            run.record.states[id(tensor)] = call
            run.record.alive.append(tensor)
    return found


def _tensors(value: Value) -> list[Tensor]:
    """The tensors with a graph that a value is, or consists of."""
    if type(value) is Tensor:
        return [value] if value.attached is not False and value.op not in ("parameter", "leaf", "fresh") else []
    if type(value) is Tuple:
        return [tensor for item in value.items for tensor in _tensors(item)]
    return []


def _kept_by(run: Interpreter, value: Value) -> NetworkCall | None:
    """The call that left a value in an attribute, if it is still there as it was."""
    kept = {id(call): call for tensor in _tensors(value) if (call := run.record.states.get(id(tensor))) is not None}
    return next(iter(kept.values()), None)


def _reaches(new: Value, old: Value) -> bool:
    live = graph.reach(new).live
    return any(id(tensor) in live for tensor in _tensors(old))


def _steady(run: Interpreter, place: Place) -> Loop | None:
    """The innermost loop that was in the same backward pass in its last iteration."""
    for loop in reversed(run.loops):
        before = run.record.when.get(place)
        if loop.passes > 1 and before is not None and loop.start < before < loop.clock:
            return loop
    return None


def _comes_from(value: Value, since: int) -> NetworkCall | None:
    """The network call of an earlier iteration that a gradient reaches through a value, whatever path was taken."""
    stack, seen = [value], 0
    while stack and seen < _MOST:
        node = stack.pop()
        seen += 1
        if type(node) is Tensor:
            if node.op in ("cut", "fresh", "gradient") or node.attached is False:
                continue
            if node.call is not None:
                if node.call.clock < since:
                    return node.call
                continue
            stack.extend(node.inputs)
        elif type(node) is Union:
            found = [_comes_from(option, since) for option in node.options]
            if all(one is not None for one in found):
                return found[0]
        elif type(node) is Tuple:
            stack.extend(node.items)
        elif type(node) is Obj and node.kind == "list":
            stack.extend(node.fields.get("$items", ()))
    return None
