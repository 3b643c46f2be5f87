"""Training and evaluation mode: which one a network can be in, who set it, and whether it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Mode
from dnnlint.script.code import Class
from dnnlint.script.networks import naming, tree
from dnnlint.script.tables.layers import LayerSpec
from dnnlint.script.values import Const, Obj

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

Modes = frozenset[tuple[Mode, Place | None, int]]  # mode, the call that set it, and when
_DEEPEST = 8  # wrappers inside one another
_UNKNOWN: Modes = frozenset({(Mode.UNKNOWN, None, 0)})


def current(run: Interpreter, obj: Obj) -> Modes:
    """What mode a network can be in where control is now; what was set before control started anew is not known."""
    known: Modes = obj.fields.get("$mode") or _first(obj)
    since = run.record.anew
    if since and any(clock <= since for _, _, clock in known):
        return frozenset({entry if entry[2] > since else (Mode.UNKNOWN, None, 0) for entry in known})
    return known


def computing(run: Interpreter, obj: Obj, depth: int = 0) -> Modes:
    """What mode a network computes in: a wrapper's own does not matter where the network in it has another."""
    inner = [child for _, child in tree.children(obj) if dependent(run, child) is not False] if _wraps(obj) else []
    if len(inner) != 1 or _is_layer(inner[0]) or depth > _DEEPEST:  # a network may hold itself
        return current(run, obj)
    return computing(run, inner[0], depth + 1)


def _is_layer(obj: Obj) -> bool:
    return "$spec" in obj.fields and "$items" not in obj.fields


def _wraps(obj: Obj) -> bool:
    """Whether a network of the project may do no more than call another one."""
    return obj.kind == "module" and type(obj.cls) is Class and not obj.fields.get("$dependent")


def _first(obj: Obj) -> Modes:
    """The mode a network is built in."""
    born: int = obj.fields.get("$clock", 0)
    return frozenset({(Mode.TRAIN, None, born)}) if obj.kind == "module" else _UNKNOWN


def _write(run: Interpreter, obj: Obj, new: Modes) -> None:
    obj.fields.setdefault("$mode", _first(obj))  # what it is on paths that do not come by here
    run.write(obj.fields, "$mode", new)


def flag(run: Interpreter, obj: Obj) -> Obj:
    """``net.training`` where the mode is not known: remembered, so that ``net.train(flag)`` brings it back."""
    made = Obj("flag", None)
    made.fields["$of"] = obj
    made.fields["$modes"] = current(run, obj)
    return made


def restore(run: Interpreter, known: Obj) -> None:
    """The mode is what it was when the flag was read."""
    for _, part in tree.descendants(known.fields["$of"]):
        _write(run, part, known.fields["$modes"])


def switch(run: Interpreter, obj: Obj, mode: Mode, place: Place) -> None:
    """Put a network and everything in it into a mode."""
    run.record.events += 1
    if obj.kind == "opaque":
        run.write(obj.fields, "$network", True)
    new: Modes = frozenset({(mode, place, run.tick())})
    for _, part in tree.descendants(obj):
        _write(run, part, new)
        for name, value in part.fields.items():
            if name[:1] != "$" and type(value) is Obj and value.kind == "opaque" and "$network" in value.fields:
                _write(run, value, new)


def dependent(run: Interpreter, obj: Obj) -> bool | None:
    """Whether a network holds dropout or batch normalisation; None if that cannot be told."""
    state: bool | None = False
    for _, part in tree.descendants(obj):
        one = _layer_depends(part)
        if one:
            return True
        if one is None:
            state = None
        if part.fields.get("$dropout"):
            return True
        for name, value in part.fields.items():
            if name[:1] != "$" and type(value) is Obj and value.kind == "opaque" and naming.network_name(name):
                state = None
    return state


def _layer_depends(obj: Obj) -> bool | None:
    spec: LayerSpec | None = obj.fields.get("$spec")
    if spec is None:
        if obj.kind != "module":
            return None
        if type(obj.cls) is not Class:
            return obj.fields.get("$dependent")
        return None if obj.fields.get("$open") else obj.fields.get("$dependent", False)
    if isinstance(spec.mode_dependent, str):
        value = obj.fields["$args"].get(spec.mode_dependent)
        if spec.kind == "instancenorm" and value is not None:
            # its own running statistics change what it does, but evaluation may well do without them
            return False if type(value) is Const and not value.value else None
        if spec.kind == "recurrent" and _single_layer(obj):
            return False  # its dropout stands between layers
        if value is None:
            return bool(spec.mode_default)
        if type(value) is Const and value.value is not ...:
            # a rate of zero that comes from a setting is a rate that the setting may raise
            return bool(value.value) or (spec.kind == "dropout" and "$literal" not in obj.fields)
        return True if spec.kind == "dropout" else None
    return bool(spec.mode_dependent)


def _single_layer(obj: Obj) -> bool:
    layers = obj.fields["$args"].get("num_layers")
    return layers is None or (type(layers) is Const and layers.value == 1)
