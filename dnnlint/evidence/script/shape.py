"""Sizes of what flows through networks, where they contradict each other."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class ShapeMismatch(NamedTuple):
    """A layer or a change of shape that the size of its input does not fit."""

    place: Place  # where the layer is built, or the shape is changed
    kind: str
    what: str  # what is counted: "features", "channels" ...
    wanted: int
    given: int
    applied: Place | None = None  # where the layer is applied
    divides: bool = False  # not equality but divisibility is what is missing


class ScrambledView(NamedTuple):
    """A change of shape that gives axes other places without moving the numbers along."""

    place: Place
    name: str  # "view" | "reshape"
