"""Training steps and evaluation passes: what happens to gradients, modes and graphs."""

import enum
from typing import NamedTuple

from dnnlint.diagnostic import Place


class Gradients(enum.StrEnum):
    """State of the ``.grad`` buffers that one optimiser reads, along one path through the code."""

    CLEAR = "clear"  # zeroed (or never written) and not written since
    READY = "ready"  # written by a backward pass, not stepped yet
    STALE = "stale"  # already stepped on, and never cleared since
    WIPED = "wiped"  # written, then cleared before any step used them
    UNKNOWN = "unknown"  # code that was not understood may have touched them


class Mode(enum.StrEnum):
    """Mode of a network along one path through the code."""

    TRAIN = "train"
    EVAL = "eval"
    UNKNOWN = "unknown"


class Forward(NamedTuple):
    """A network called on data, and the mode it was in."""

    network: str
    place: Place
    modes: frozenset[Mode]
    mode_set: Place | None  # the call that last set the mode, if it is one place
    mode_dependent: bool | None  # holds dropout or batch normalisation; None: cannot be told
    optimized: bool | None  # its parameters belong to the optimiser that steps; None: cannot be told
    left: Place | None = None  # an eval() of an earlier iteration that can still be in force here


class TrainingStep(NamedTuple):
    """One backward pass that an optimiser steps on, seen in the steady state of its loop."""

    backward: Place
    step: Place | None
    loop: Place | None  # innermost loop that repeats the step
    optimizer: str  # class name, or the variable's name when the class is unknown
    gradients: frozenset[Gradients]  # what the optimiser's gradients can be just before `backward`
    forwards: tuple[Forward, ...]  # the network calls that the loss depends on


class WipedStep(NamedTuple):
    """An optimiser step on gradients that were cleared after they had been computed."""

    backward: Place
    clear: Place
    step: Place
    optimizer: str


class EvaluationPass(NamedTuple):
    """A network run over held-out data without learning from it."""

    forward: Forward
    loop: Place | None
    evidence: tuple[str, ...]  # why it is taken for evaluation: "no_grad", "name evaluate", "loader test_loader"
    grad_enabled: bool | None
    leads: bool = True  # the first call of a network in its loop, or in its function where there is none
    needs_grad: bool = False  # gradients are wanted here after all: of an input, for a penalty, an attack, a picture
    over_data: bool = False  # in a loop over data
    trained: bool = False  # the script trains this network, too


class Accumulation(NamedTuple):
    """A tensor that still holds its graph, kept beyond the iteration that made it."""

    place: Place
    how: str  # "+=", "append", "store"
    target: str  # the accumulator as written
    loop: Place | None
    inner: Place | None = None  # where the helper stores it, when `place` is the call that hands it over
