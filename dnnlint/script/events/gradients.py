"""The gradients an optimiser reads, as a set of states, one for each path control may have taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.script.values import Obj, Tensor

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

# State, the backward pass that wrote it, the clear that preceded it. The states:
# "clear": nothing since the clear       "ready": written once since the clear
# "stale": already stepped on            "dirty": written on top of gradients that were stepped on before
# "wiped": written, then cleared unused  "mixed": written on top of what is not known    "unknown"
Path = tuple[str, Place | None, Place | None]


class Parts(NamedTuple):
    """Which parts of an optimiser's parameters were cleared; no tuple to be joined, paths that differ know nothing."""

    ids: frozenset[int]


NO_PARTS = Parts(frozenset())
START: frozenset[Path] = frozenset({("clear", None, None)})
STEPPED: frozenset[Path] = frozenset({("stale", None, None)})
FOREIGN: frozenset[Path] = frozenset({("unknown", None, None)})  # something that is not understood had them


def paths(optimizer: Obj) -> frozenset[Path]:
    """What the gradients of an optimiser can be here, path by path."""
    found: frozenset[Path] = optimizer.fields.get("$gradients", FOREIGN)
    return found


def cleared(path: Path, place: Place) -> Path:
    """A path after its gradients were cleared."""
    state, backward, _ = path
    return ("wiped", backward, place) if state in ("ready", "mixed", "dirty", "wiped") else ("clear", None, place)


def written(path: Path, place: Place) -> Path:
    """A path after a backward pass wrote its gradients."""
    state, _, clear = path
    if state in ("clear", "wiped"):
        return ("ready", place, clear)
    if state in ("stale", "dirty"):
        return ("dirty", place, clear)
    return ("ready" if state == "ready" else "mixed", place, clear)


def look(run: Interpreter) -> None:
    """A gradient was looked at: what a later clear wipes has been used."""
    run.record.before, run.record.read = run.record.read, run.clock


def measured(run: Interpreter, tensor: Tensor) -> None:
    """A norm was taken, or something was compared with None: looking so at a gradient uses nothing of it."""
    while tensor.op in ("cut", "view") and tensor.inputs and type(tensor.inputs[0]) is Tensor:
        tensor = tensor.inputs[0]
    if tensor.op == "gradient":
        run.record.read = run.record.before


def forget(run: Interpreter) -> None:
    """Control starts anew somewhere: modes and gradients are what a caller made of them."""
    run.record.anew = run.tick()
    for optimizer in run.record.optimizers:
        optimizer.fields["$gradients"] = START
