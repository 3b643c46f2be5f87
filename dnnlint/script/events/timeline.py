"""What happened to optimisers in which order, for what can be told only at the end: what never happened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.script.networks import naming
from dnnlint.script.values import NOWHERE, Obj, Tensor, Tuple, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.graph import Reach
    from dnnlint.script.interpreter import Interpreter

_LOSS = re.compile(r"loss|criteri|objective|crit$|cost|metric|acc", re.IGNORECASE)


class Fed(NamedTuple):
    """A backward pass that wrote, or may have written, the gradients of an optimiser."""

    optimizer: Obj
    place: Place
    clock: int
    loops: tuple[Loop, ...]
    sure: bool  # the optimiser is known to own what the pass reached


class Stepped(NamedTuple):
    """A step of an optimiser."""

    optimizer: Obj
    place: Place
    clock: int
    loops: tuple[Loop, ...]
    strange: bool  # its gradients may come from something that was not understood


class Passed(NamedTuple):
    """A backward pass, as long as it is not known who owns what it reached."""

    place: Place
    clock: int
    reach: Reach
    loops: tuple[Loop, ...]


class Timeline:
    """What happened, in order."""

    def __init__(self) -> None:
        self.fed: list[Fed] = []
        self.stepped: list[Stepped] = []
        self.passed: list[Passed] = []
        self.losses: list[tuple[int, Value, Place]] = []  # values that are losses, by kind or by name
        self.leaks: list[int] = []  # when a tensor with a graph was handed to a function that is not understood
        self.grown: list[Any] = []  # backward passes that pile their gradients up
        self.weighted: list[int] = []  # when a loss was divided or multiplied by something, on any path
        self.loose: bool = False  # something of unknown kind was stepped


def leaked(run: Interpreter, values: list[Value], name: str) -> None:
    """Tensors were handed to a function that is not understood, which may back-propagate from them."""
    if run.forwards or _LOSS.search(name) or naming.network_name(name):
        return
    run.record.strangers += 1
    if any(_graph(value) for value in values):
        run.record.timeline.leaks.append(run.clock)


def _graph(value: Value, depth: int = 0) -> bool:
    """Whether a graph may hang on a value."""
    if type(value) is Tensor:
        return value.attached is not False
    if depth > 2:
        return False
    if type(value) is Obj and value.kind == "opaque":
        return any(_graph(source, depth + 1) for source in value.sources)
    inner = value.items if type(value) is Tuple else value.options if type(value) is Union else ()
    return any(_graph(one, depth + 1) for one in inner)


def leaked_since(run: Interpreter, clock: int) -> bool:
    """Whether a tensor with a graph was handed away since then."""
    leaks = run.record.timeline.leaks
    return bool(leaks) and leaks[-1] >= clock


def iteration(run: Interpreter) -> int:
    """When the current iteration of the innermost loop began."""
    return run.loops[-1].clock if run.loops else 0


def steady(run: Interpreter) -> bool:
    """Whether a loop is in progress that has been all the way round."""
    return any(loop.passes > 1 for loop in run.loops)


def loss(run: Interpreter, value: Value, place: Place) -> None:
    """A loss was computed outside any network."""
    attached = type(value) is Tensor and value.attached is not False
    if run.loops and not run.forwards and run.flags["grad"] is not False and (attached or _graph(value)):
        run.record.timeline.losses.append((run.clock, value, place))


def alike(one: Obj, other: Obj) -> bool:
    """Whether two objects are the same, or made by the same line."""
    return one is other or (one.at == other.at and one.at != NOWHERE)
