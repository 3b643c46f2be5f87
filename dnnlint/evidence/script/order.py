"""The order of the training step: what is missing in it, comes too early, too late, or under the wrong conditions."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class BackwardPass(NamedTuple):
    """A backward pass that something stands in the way of; stated only where at least one of these is known."""

    place: Place
    autocast: Place | None  # the autocast context that it runs in
    gradless: Place | None  # what switched gradients off for all that it depends on
    forward: Place | None  # the network call, or the loss, that ran without gradients
    unreduced: Place | None  # the loss that keeps one value per element, with nothing after it that reduces them
    loss: str = ""  # kind of that loss


class MissingStep(NamedTuple):
    """Gradients computed again and again for an optimiser that nothing steps."""

    backward: Place
    optimizer: str
    built: Place | None  # where the optimiser is made; None: it was handed in
    loop: Place


class MissingBackward(NamedTuple):
    """An optimiser that steps in a loop where its network's loss is computed, and no backward pass ever feeds it."""

    step: Place
    loss: Place
    optimizer: str
    loop: Place


class EarlyStep(NamedTuple):
    """A step taken in each iteration before that iteration's backward pass."""

    step: Place
    backward: Place
    optimizer: str


class ClosureStep(NamedTuple):
    """A step of an optimiser that evaluates a closure, and what is wrong with the closure."""

    place: Place
    optimizer: str
    closure: Place | None  # where the closure is defined
    lacks: str  # "closure" | "function" | "clear" | "backward" | "return"


class Clipping(NamedTuple):
    """Gradients clipped where it does no good."""

    place: Place
    optimizer: str
    fault: str  # "early": before the backward pass; "late": after the step; "scaled": before they are unscaled
    other: Place | None  # the step, or the backward pass, that it should stand before or after


class ScalerUse(NamedTuple):
    """A call around a gradient scaler that is out of order."""

    place: Place
    fault: (
        str  # "unscaled" | "direct" | "unchecked" | "twice" | "never updated" | "early update" | "early unscale" | ...
    )
    optimizer: str
    other: Place | None


class Unowned(NamedTuple):
    """What an optimiser was given against what the loss is computed with."""

    optimizer: str
    built: Place
    fault: str  # "empty" | "spent" | "left out" | "foreign" | "doubled"
    network: str = ""  # the network, or part of it, that belongs to no optimiser
    made: Place | None = None  # where that is made
    backward: Place | None = None


class Replaced(NamedTuple):
    """Layers that took the place of those that an optimiser holds."""

    place: Place  # the assignment, or where the new network is made
    network: str
    optimizer: str
    built: Place
    backward: Place


class Rebuilt(NamedTuple):
    """An optimiser made anew in each iteration of a loop around its steps, on a network that stays."""

    place: Place
    optimizer: str
    stateful: bool | None  # keeps averages or momentum; None: cannot be told
    loop: Place
    step: Place
    every: str  # "step" | "epoch"


class Accumulated(NamedTuple):
    """Gradients of several iterations added up, without dividing the loss by their number."""

    backward: Place
    step: Place
    optimizer: str
    loop: Place | None
