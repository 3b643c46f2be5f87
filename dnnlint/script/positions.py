"""Rows and columns of the few nodes that are reported, exactly as libcst's PositionProvider has them.

The provider works out the place of every node and costs twice the parse. Here the module is written
out once, keeping only where the wanted nodes start and end in the list of tokens, and writing stops
with the last of them.
"""

import contextlib
import functools
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Span
from dnnlint.script.stack import on_large_stack

if TYPE_CHECKING:
    from libcst import CSTNode, Module

_NEWLINE = re.compile(r"\r\n?|\n")
_Bounds = dict[int, tuple[int, int]]  # id of a node -> indices of its first token and the one past its last


def spans(module: "Module", nodes: "Collection[CSTNode]") -> dict[int, Span]:
    """Return the span of each node by its id; a node that is not part of the module is left out."""
    if not nodes:
        return {}
    try:
        return _spans(module, nodes)
    except RecursionError:
        return on_large_stack(lambda: _spans(module, nodes))


def _spans(module: "Module", nodes: "Collection[CSTNode]") -> dict[int, Span]:
    wanted = {id(node) for node in nodes}
    try:
        found = _by_tokens(module, wanted)
    except (ImportError, AttributeError, TypeError):
        found = {}  # libcst's private class has changed
    missing = wanted - found.keys()
    return found | _by_provider(module, missing) if missing else found


def _by_provider(module: "Module", wanted: set[int]) -> dict[int, Span]:
    """Ask libcst itself, the slow way."""
    from libcst.metadata import MetadataWrapper, PositionProvider

    ranges = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    return {
        id(node): Span(place.start.line, place.start.column + 1, place.end.line, place.end.column + 1)
        for node, place in ranges.items()
        if id(node) in wanted
    }


def _by_tokens(module: "Module", wanted: set[int]) -> dict[int, Span]:
    """Write the module out once; a second time if some wanted nodes have no bounds of their own."""
    inner, outer = _recorders()
    bounds, tokens = _write(module, wanted, inner)
    if wanted - bounds.keys():
        bounds, tokens = _write(module, wanted, outer)
    return _resolve({key: bounds[key] for key in wanted & bounds.keys()}, tokens)


def _write(module: "Module", wanted: set[int], recorder: Any) -> tuple[_Bounds, list[str]]:
    state = recorder(default_indent=module.default_indent, default_newline=module.default_newline)
    state.pending, state.bounds = set(wanted), {}
    with contextlib.suppress(_AllFoundError):
        module._codegen(state)
    return state.bounds, state.tokens


def _resolve(bounds: _Bounds, tokens: list[str]) -> dict[int, Span]:
    """Turn indices of tokens into rows and columns."""
    indices = sorted({index for pair in bounds.values() for index in pair})
    places: dict[int, tuple[int, int]] = {}
    row, column, done = 1, 1, 0
    for index in indices:
        lines = _NEWLINE.split("".join(tokens[done:index]))
        column = len(lines[-1]) + (1 if len(lines) > 1 else column)
        row += len(lines) - 1
        places[index], done = (row, column), index
    return {key: Span(*places[start], *places[end]) for key, (start, end) in bounds.items()}


class _AllFoundError(Exception):
    """Raised to stop writing once every wanted node has been passed."""


class _Unwanted:
    """The context manager for the nodes nobody asked about, shared because there are so many."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class _Bracketing:
    """Notes the bounds of one wanted node while it is written."""

    def __init__(self, state: Any, node: Any, first: Any, last: Any) -> None:
        self.state, self.node, self.first, self.last = state, node, first, last
        # The bounds of a compound node are those of nodes inside it, which are yet to be written.
        state.pending.update(id(child) for child in (first, last) if child is not None)

    def __enter__(self) -> None:
        self.start = len(self.state.tokens)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        bounds = self.state.bounds
        start = bounds.get(id(self.first)) if self.first is not None else (self.start, 0)
        end = bounds.get(id(self.last)) if self.last is not None else (0, len(self.state.tokens))
        if start is not None and end is not None:
            self.state.note(id(self.node), start[0], end[1])


@functools.cache
def _recorders() -> tuple[Any, Any]:
    """Build the two kinds of code generation, once libcst has been imported."""
    from libcst._nodes.internal import CodegenState

    unwanted = _Unwanted()

    class Inner(CodegenState):
        """Keeps all tokens, and the bounds of the wanted nodes that have a place in the syntax."""

        pending: set[int]
        bounds: _Bounds

        def note(self, key: int, start: int, end: int) -> None:
            self.bounds[key] = (start, end)
            self.pending.discard(key)
            if not self.pending:
                raise _AllFoundError

        def record_syntactic_position(self, node: Any, *, start_node: Any = None, end_node: Any = None) -> Any:
            return _Bracketing(self, node, start_node, end_node) if id(node) in self.pending else unwanted

        def pop_trailing_newline(self) -> None:
            """Keep the newline: the provider counts it although it is not part of the file."""

    class Outer(Inner):
        """Notes the other nodes too, by all that is written for them."""

        def before_codegen(self, node: Any) -> None:
            self.starts.append(len(self.tokens))

        def after_codegen(self, node: Any) -> None:
            start = self.starts.pop()
            if id(node) in self.pending:
                self.note(id(node), start, len(self.tokens))

        @functools.cached_property
        def starts(self) -> list[int]:
            return []

    return Inner, Outer
