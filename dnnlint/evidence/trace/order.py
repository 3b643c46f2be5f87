"""The calls that make a training step, in their order, mode and place."""

from typing import NamedTuple

from dnnlint.diagnostic import Site
from dnnlint.evidence.trace.parts import Layer


class Event(NamedTuple):
    """One call that matters for the order of a training step."""

    kind: str  # "zero_grad" | "backward" | "clip" | "unscale" | "step" | "scheduler" | "train" | "eval"
    called: Site
    step: int
    optimizer: int | None = None  # number; None where the call is about all or about a module


class Cycle(NamedTuple):
    """What came between two steps of one optimiser, up to and including the later one."""

    optimizer: int
    step: int  # how many steps this optimiser took before
    stepped: Site
    backwards: int  # backward passes that wrote into its parameters' gradients
    stale: (
        bool  # the gradients of the step before were still there, untouched, when the next backward pass added to them
    )
    wiped: Site | None  # where gradients were cleared after the last backward pass and before the step
    empty: bool  # no parameter had a gradient other than None at the step
    overflow: bool = False  # the scaler found infinities and skipped it
    backward: Site | None = None  # the first of the backward passes that wrote into its gradients


class Events(NamedTuple):
    """Channel: order of the calls that make a training step, and what they did to the gradients."""

    events: tuple[Event, ...]
    cycles: tuple[Cycle, ...]


class ForwardPass(NamedTuple):
    """One call of an outermost module."""

    network: str
    built: Site
    called: Site
    step: int
    training: bool  # mode of the outermost module
    grad: bool  # gradients were recorded
    backward: bool  # a backward pass came from it
    optimized: bool  # an optimiser that stepped holds some of its parameters
    dependent: tuple[Layer, ...]  # layers that behave differently in the two modes and are active in the wrong one:
    # in training mode for a pass without gradients, in evaluation mode for a pass that trained
    frozen: tuple[bool, ...]  # for each of these: none of its parameters, if it has any, is trainable
    was_eval: Site | None  # the last call of eval() that put it into evaluation mode


class Passes(NamedTuple):
    """Channel: modes and grad modes of the calls of whole networks."""

    passes: tuple[ForwardPass, ...]
