"""Trained weights are loaded into a network, and weights are drawn at random after that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import InitAfterLoad
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.events import guards
from dnnlint.script.networks import tree
from dnnlint.script.values import Ext, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.frames import Frame
    from dnnlint.script.interpreter import Interpreter

_DRAWS = re.compile(
    r"^(?:xavier|kaiming|orthogonal|trunc_normal|normal_|uniform_|sparse_|constant_|reset_parameters|zeros_|ones_)"
)


class Load(NamedTuple):
    """Weights were loaded into a network."""

    place: Place
    calls: tuple[tuple[Frame, Place], ...]  # what led there: each scope, and the call in it
    network: Obj


def called(run: Interpreter, obj: Obj, name: str, node: Any) -> None:
    """A method of a network was called; ``load_state_dict`` is what matters here."""
    if name != "load_state_dict":
        return
    load = Load(run.place(node), _calls(run, node), obj)
    run.record.redrawn.pop(id(obj), None)
    if run.exploring:
        run.record.loads.append(load)
    _mark(run, load)


def _mark(run: Interpreter, load: Load) -> None:
    for _, part in tree.descendants(load.network):
        run.write(part.fields, "$load", load)


def resumed(run: Interpreter, loads: list[Load]) -> None:
    """The way of an option led back after it had loaded weights: they are loaded if the option is given."""
    for load in loads:
        _mark(run, load)


def pretrained(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> None:
    """A ready network was built, perhaps with trained weights."""
    given = args.get(-1, "weights") or args.get(-1, "pretrained")
    if (given is not None and (type(given) is Ext or run.truth(given)[0])) or name.endswith(".from_pretrained"):
        run.write(obj.fields, "$load", Load(run.place(node), _calls(run, node), obj))


def drawn(run: Interpreter, layer: Obj, node: Any) -> None:
    """The weights of a layer were drawn at random."""
    load = layer.fields.get("$load")
    if type(load) is not Load:
        return
    place = _blamed(run, load, node)
    if place is not None:
        lost = run.record.redrawn.setdefault(id(load.network), (load, {}))[1]
        lost[id(layer)] = place


def applied(run: Interpreter, obj: Obj, func: Value, node: Any) -> None:
    """``net.apply(init_weights)`` on a network whose layers are not known."""
    load = obj.fields.get("$load")
    if type(obj.cls) is Class or "$spec" in obj.fields:
        return  # the layers are known: each is told by itself
    if type(load) is not Load or type(func) is not Func or not any(map(_DRAWS.search, func.traits)):
        return
    place = _blamed(run, load, node)
    if place is not None:
        run.record.state(InitAfterLoad(place, load.place, obj.name or "the network", None))


def _blamed(run: Interpreter, load: Load, node: Any) -> Place | None:
    """The call in the scope that loads which draws the weights after it; None if it may not come after."""
    both = zip(load.calls, _calls(run, node), strict=False)
    shared = [(one[0], one[1], other[1]) for one, other in both if one[0] is other[0]]
    if not shared:
        return None
    frame, load_call, draw_call = shared[-1]
    if draw_call.path != load_call.path or draw_call.node < load_call.node:
        return None  # a loop comes round to it again: folds that start anew
    before, here = guards.around(frame, load_call.node), guards.around(frame, draw_call.node)
    return draw_call if all(any(test is other for other in before) for test in here) else None


def _calls(run: Interpreter, node: Any) -> tuple[tuple[Frame, Place], ...]:
    """The scopes that are being run, from the outermost inwards, each with the call that leads on."""
    sites = [*[frame.site for frame in run.frames[1:]], run.place(node)]
    return tuple([(frame, site) for frame, site in zip(run.frames, sites, strict=True) if site is not None])


def complete(run: Interpreter) -> None:
    """State the networks most of whose loaded layers were drawn anew."""
    for load, lost in run.record.redrawn.values():
        parts = [part for _, part in tree.descendants(load.network) if _holds_weights(part)]
        if len(lost) > 1 and 2 * len(lost) > len(parts):
            place = next(iter(lost.values()))
            title = load.network.name or getattr(load.network.cls, "name", "the network")
            run.record.state(InitAfterLoad(place, load.place, title, len(lost)))


def _holds_weights(part: Obj) -> bool:
    spec = part.fields.get("$spec")
    return spec is not None and spec.parametric and spec.fan is not None
