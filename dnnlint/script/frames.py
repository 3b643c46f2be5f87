"""Calls and loops in progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dnnlint.diagnostic import Place
from dnnlint.script.code import Func, Module
from dnnlint.script.state import Delta
from dnnlint.script.values import Value


class Frame:
    """One call in progress."""

    __slots__ = (
        "closure",
        "depth",
        "exits",
        "function",
        "globals",
        "locals",
        "loops",
        "mark",
        "module",
        "name",
        "resume",
        "site",
        "source",
        "yields",
    )  # fmt: skip

    def __init__(self, name: str, module: Module, names: dict[str, Any], closure: tuple[dict[str, Any], ...]) -> None:
        self.name = name
        self.module = module
        self.locals = names
        self.closure = closure
        self.exits: list[tuple[Value, Delta]] = []
        self.loops: list[Loop] = []
        self.mark = 0
        self.depth = 0
        self.globals: set[str] = set()
        self.yields: list[Value] | None = None
        self.source: Value | None = None  # what the loop that yields goes over
        self.function: Func | None = None
        self.resume: Callable[[Value], None] | None = None  # what runs where a context manager yields
        self.site: Place | None = None  # the call, in the caller's file


class Loop:
    """One loop in progress."""

    __slots__ = (
        "arm", "breaks", "clock", "continues", "entry", "frame", "guards", "iterable", "learned", "mark", "node",
        "passes", "place", "start",
    )  # fmt: skip

    def __init__(self, node: Any, place: Place, frame: Frame, iterable: Value | None, clock: int) -> None:
        self.node = node
        self.place = place
        self.frame = frame
        self.iterable = iterable
        self.clock = clock  # when the current iteration began
        self.start = clock  # when the loop began
        self.arm = 0  # the way of a branch that it stands in
        self.guards = 0  # how many undecided tests the loop stands under
        self.passes = 0
        self.mark = 0
        self.breaks: list[Delta] = []
        self.continues: list[Delta] = []
        self.entry: set[Any] = set()
        self.learned = False  # a backward pass ran in it
