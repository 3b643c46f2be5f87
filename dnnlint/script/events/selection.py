"""Scores that decide which state of a network is kept, and the data they come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.script import graph, ir, spelling
from dnnlint.script.values import Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_BEST = re.compile(r"best|lowest|highest|(?:^|_)(?:min|max)(?:_|$)|record", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TEST = re.compile(r"(?:^|_)(?:test|tst|testing)(?:_|$|\d|(?=load|data|set|iter|dl))")
_VALIDATION = re.compile(r"(?:^|_)(?:val|valid|validation|dev|eval)(?:_|$|\d|(?=load|data|set|iter|dl))")
_LOADER = re.compile(r"load|iter|dl$|batch", re.IGNORECASE)
_DATA = re.compile(r"load|data|set|iter|dl$|_ds$|split|batch|_x$|_y$|^x_|^y_", re.IGNORECASE)


class Selection(NamedTuple):
    """A score that was compared with the best one so far."""

    place: Place
    names: tuple[str, ...]  # the data it comes from
    best: str


def compared(run: Interpreter, node: Any, left: Value, right: Value) -> None:
    """A comparison that may pick the best state."""
    if type(node) is not ir.Compare or len(node.ops) != 1:
        return
    sides = [(node.left, left), (node.ops[0][1], right)]
    best = [side for side in sides if _BEST.search(spelling.spell(side[0]).rpartition(".")[2])]
    if len(best) != 1:
        return
    (spelled, score) = next(side for side in sides if side is not best[0])
    names = _data(score)
    if names:
        found = Selection(_place(run, node, spelled), tuple(sorted(names)), spelling.spell(best[0][0]))
        run.record.selections.append(found)


def _place(run: Interpreter, node: Any, score: Any) -> Place:
    """The comparison; where a helper was handed the score, the call that did so."""
    func = run.frame.function
    helped = func is not None and type(score) is ir.Name and score.id in func.node.params.positional
    return run.frame.site if helped and run.frame.site is not None else run.place(node)


def _data(score: Value) -> set[str]:
    """The names of the data that a score was computed on."""
    nodes = [node for node in graph.reach(score).nodes if type(node) is Obj and node.name]
    return {node.name for node in nodes if node.kind == "loader" or (node.kind == "opaque" and _DATA.search(node.name))}


def tests(names: tuple[str, ...]) -> bool:
    """Whether names speak of test data alone."""
    return bool(names) and all(_says(_TEST, name) for name in names)


def validates(name: str) -> bool:
    """Whether a name speaks of validation data."""
    return _says(_VALIDATION, name) and bool(_DATA.search(name))


def loads(name: str) -> bool:
    """Whether a name is that of a loader rather than of data."""
    return _LOADER.search(name) is not None


def _says(words: re.Pattern[str], name: str) -> bool:
    return words.search(_HUMP.sub("_", name).lower()) is not None
