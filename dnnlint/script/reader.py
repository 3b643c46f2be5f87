"""Reads a script: bytes in, facts out; and finds the lines of what was found."""

from __future__ import annotations

import ast
import bisect
import gc
import os
import re
import sys
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dnnlint.diagnostic import WHOLE_FILE, Location, Place, Span
from dnnlint.digest import digest
from dnnlint.evidence.script import Script, Unreadable
from dnnlint.script.ir import Program, Syntax
from dnnlint.script.source import Unparseable, beside, mentions_framework, neighbours

_DEPTH = 5_000  # frames; a chain of six hundred calls takes two thousand, and the C stack holds more than these
_FUEL = 20_000  # statements run for one file; a training script needs a few hundred
_MOST_OBJECTS = 2_000_000  # made within one file: the tree of a megabyte
_MOST_LEFT = 20_000  # objects that one file may leave behind before they are looked through
# Without any of these words a file builds no network, feeds none, trains none and searches nothing.
_TRIGGERS = re.compile(
    rb"backward|Module\b|Sequential|DataLoader|entropy|Loss\b|_loss\b|\.step\(|\.eval\(|no_grad|inference_mode|"
    rb"GridS|ParameterGrid|grid_search|\bproduct\(|sweep|\bfor\b[^\n]*:\s*\n\s+for\b|\.fit\(|"
    rb"isend|irecv|async_op|train_test_split|TrainingArguments|ModelCheckpoint|EarlyStopping"
)
_MOST_SOURCE = 800_000  # bytes of project source that are run before all of it is run anew
_MOST_KEPT = 1_600_000  # bytes of project source whose programs are kept between files


class Reader:
    """Reads files of one project; imported project files are read once and shared."""

    def __init__(self, roots: Sequence[str]) -> None:
        # Syntax trees are freed by reference counts, so cycles are looked for between files, where there are no trees.
        gc.set_threshold(_MOST_OBJECTS, 20, 20)
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEPTH))
        self.roots = [os.path.abspath(root) for root in roots]
        self.programs: dict[str, Program | None] = {}
        self.texts: dict[str, bytes] = {}
        self.digests: dict[str, str] = {}  # of all that was read
        self.size = 0
        self.project: Any = None
        self.folder = self.current = ""
        self.visited: list[str] = []  # files read for themselves, kept while their neighbours may import them
        self.tree: tuple[str, Any] | None = None  # the file read last, while its findings may be asked for
        self.located: dict[Place, Location] = {}

    def read(self, path: str, data: bytes) -> Script:
        """The facts of one file. What cannot be read is a fact, too."""
        from dnnlint.script.entry import run
        from dnnlint.script.modules import Project

        full = self.current = os.path.abspath(path)
        self.tree = None
        self.digests.pop(full, None)  # standard input may stand in for a file
        self._sweep()
        known = self.texts.get(full)
        self.texts[full] = data
        if not _TRIGGERS.search(data) and not neighbours(full, data) and _plain(data):
            return Script(path, (), tuple((file, None) for file in beside(full, data)))
        if os.path.dirname(full) != self.folder:
            self._leave(os.path.dirname(full))
        try:
            program = self.programs.get(full) if known == data else None
            if program is None:
                program = self._lower(full, data, keep=True)
        except (Unparseable, RecursionError) as error:
            return Script(path, (_unreadable(full, error),))
        if known is not None and known != data:
            self._forget()
        if self.project is None:
            self.project = Project(self.roots, self._load)
        if full not in self.programs:
            self.visited.append(full)
        self._keep(full, program)
        try:
            facts = run(program, self.project, _FUEL)
        except RecursionError as error:
            facts = (_unreadable(full, error),)
        return Script(path, tuple(facts), self._inputs(full, data))

    def locate(self, places: Collection[Place]) -> Mapping[Place, Location]:
        """Lines and columns of places; each file with a finding is looked at once."""
        missing = [place for place in places if place not in self.located]
        for path in dict.fromkeys(place.path for place in missing):
            self.located.update(self._locate(path, [place for place in missing if place.path == path]))
        return {place: self.located[place] for place in places}

    # one file

    def _inputs(self, path: str, data: bytes) -> tuple[tuple[str, str | None], ...]:
        """What the facts of a file depend on besides itself."""
        inputs = self.project.inputs(path)
        if not mentions_framework(data):  # it is read for the sake of its neighbours
            inputs |= {file: os.path.isfile(file) for file in beside(path, data)}
        return tuple((file, self._digest(file) if there else None) for file, there in inputs.items() if file != path)

    def _digest(self, path: str) -> str | None:
        if path not in self.digests:
            data = self.texts.get(path)
            if data is None:
                try:
                    with open(path, "rb") as file:
                        data = file.read()
                except OSError:
                    return None
            self.digests[path] = digest(data)
        return self.digests[path]

    def _lower(self, path: str, data: bytes, keep: bool = False) -> Program:
        from dnnlint.script.lower import lower
        from dnnlint.script.parse import parse

        module = parse(data)
        program, nodes = lower(module, path, len(data))
        if keep:  # until the next file; an imported file that has a finding is parsed again, which is rare
            self.tree = (path, (module, nodes))
        return program

    def _load(self, path: str) -> Program | None:
        """A project file that is imported; None if it cannot be read."""
        try:
            program = self.programs[path]
        except KeyError:
            program = self._open(path)
        self._keep(path, program)
        self.size += program.size if program is not None else 0
        return program

    def _open(self, path: str) -> Program | None:
        try:
            data = self.texts.get(path)
            if data is None:
                with open(path, "rb") as file:
                    data = self.texts[path] = file.read()
                self.digests[path] = digest(data)
            return self._lower(path, data)
        except (Unparseable, RecursionError, OSError):
            return None  # if it is to be checked, it is reported when its turn comes

    def _keep(self, path: str, program: Program | None) -> None:
        """Remember a program, and forget those that were wanted longest ago."""
        self.programs.pop(path, None)
        self.programs[path] = program
        sizes = {other: kept.size for other, kept in self.programs.items() if kept is not None}
        excess = sum(sizes.values()) - _MOST_KEPT
        for other, size in sizes.items():
            if excess <= 0:
                break
            if other not in (path, self.current):
                self._drop(other)
                excess -= size

    def _drop(self, path: str) -> None:
        self.programs.pop(path, None)
        self.texts.pop(path, None)

    def _leave(self, folder: str) -> None:
        for path in self.visited:
            self._drop(path)
        self.visited.clear()
        self.folder = folder

    def _forget(self) -> None:
        self.programs.clear()
        self.project = None

    def _sweep(self) -> None:
        """Free what holds itself: what the last file left behind, and modules that were run once there are many."""
        if self.size > _MOST_SOURCE:
            self.project = None
            self.size = 0
            gc.collect()
        elif gc.get_count()[0] > _MOST_LEFT:
            gc.collect(0)

    def _locate(self, path: str, places: list[Place]) -> dict[Place, Location]:
        from dnnlint.script.lower import lower
        from dnnlint.script.parse import parse
        from dnnlint.script.positions import spans

        whole = [place for place in places if place.node == WHOLE_FILE]
        found = {place: Location(path, Span(1, 1, 1, 1), "", (1, 1), "") for place in whole}
        wanted = [place for place in places if place.node != WHOLE_FILE]
        if not wanted:
            return found
        data = self.texts.get(path)
        if data is None:
            with open(path, "rb") as file:
                data = file.read()
        if self.tree is not None and self.tree[0] == path:
            module, syntax = self.tree[1]
        else:
            module = parse(data)
            _, syntax = lower(module, path, len(data))
        nodes = {place: syntax.nodes[place.node] for place in wanted}
        statements = {place: _statement(syntax, place.node) for place in wanted}
        located = spans(module, [*nodes.values(), *[s for s in statements.values() if s is not None]])
        lines = re.split(r"\r\n?|\n", data.decode(module.encoding, "replace"))
        for place in wanted:
            span = located[id(nodes[place])]
            statement = statements[place]
            around = located[id(statement)] if statement is not None else span
            text = lines[span.row - 1] if span.row <= len(lines) else ""
            rows = (around.row, around.end_row)
            found[place] = Location(path, _head(nodes[place], span, lines), _scope(syntax, place.node), rows, text)
        return found


def _plain(data: bytes) -> bool:
    """Whether CPython itself reads a file: a tenth of the cost where nothing but the syntax is of interest."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _unreadable(path: str, error: Unparseable | RecursionError) -> Unreadable:
    if isinstance(error, Unparseable):
        return Unreadable(Place(path, WHOLE_FILE), error.reason, error.row, error.column)
    return Unreadable(Place(path, WHOLE_FILE), "nested too deeply to follow")


def _scope(syntax: Syntax, node: int) -> str:
    best = ""
    for first, last, name in syntax.scopes:
        if first <= node <= last and len(name) > len(best):
            best = name
    return best


def _head(node: Any, span: Span, lines: list[str]) -> Span:
    """Of a compound statement only its first line."""
    if span.row == span.end_row or not hasattr(node, "body") or type(node).__name__ == "Lambda":
        return span
    return Span(span.row, span.column, span.row, len(lines[span.row - 1].rstrip()) + 1)


def _statement(syntax: Syntax, number: int) -> Any:
    """The line of simple statements a node stands in; None for the head of a compound statement."""
    index = bisect.bisect_right(syntax.lines, number, key=lambda line: line[0]) - 1
    if index < 0:
        return None
    heads = [first for first, _, _ in syntax.scopes if syntax.lines[index][0] < first <= number]
    return None if heads else syntax.lines[index][1]
