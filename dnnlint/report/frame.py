"""The lines around a finding, with carets under it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dnnlint.diagnostic import Span
from dnnlint.report.paint import Segment, visible

CONTEXT = 2  # lines above and below
WIDTH = 140  # characters of a line; of a longer one, a window around the span
LEAD = 50  # characters kept before a span in such a window
TAB = "    "


class _Window(NamedTuple):
    """The characters of the lines that are shown, counted from 0."""

    start: int
    end: int


def frame(lines: Sequence[str], span: Span, style: str, context: int = CONTEXT) -> Iterator[Segment]:
    """Show a span; nothing if its file has no such line, or no text that could be shown."""
    if not 1 <= span.row <= len(lines) or "\0" in lines[span.row - 1]:
        return
    first, last = max(1, span.row - context), min(len(lines), span.row + context)
    rows = [row for row in range(first, last + 1) if "\0" not in lines[row - 1]]
    if not any(lines[row - 1].strip() for row in rows):
        return
    window = _window(lines[span.row - 1], span)
    gutter = len(str(rows[-1]))
    if context:
        yield from _gutter("", gutter)
        yield "\n", ""
    for row in rows:
        yield from _gutter(str(row), gutter)
        yield _clipped(lines[row - 1], window if row == span.row else _Window(0, WIDTH)) + "\n", ""
        if row == span.row:
            yield from _gutter("", gutter)
            yield _carets(lines[row - 1], span, window) + "\n", style
    if context:
        yield from _gutter("", gutter)
        yield "\n", ""


def gutter_width(span: Span, lines: Sequence[str]) -> int:
    """Columns that the line numbers of a frame take."""
    return len(str(max(1, min(len(lines), span.row + CONTEXT))))


def _gutter(label: str, width: int) -> Iterator[Segment]:
    yield f"{label:>{width}} |", "blue"


def _window(line: str, span: Span) -> _Window:
    column = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_row == span.row else len(line)
    if len(line) <= WIDTH or end <= WIDTH:
        return _Window(0, WIDTH)
    start = max(0, column - LEAD)
    return _Window(start, start + WIDTH)


def _clipped(line: str, window: _Window) -> str:
    text = line[window.start : window.end].rstrip()
    before = "..." if window.start and line.strip() else ""
    after = "..." if line[window.end :].strip() else ""
    shown = before + "".join(map(_shown, text)) + after
    return f" {shown}" if shown else ""


def _carets(line: str, span: Span, window: _Window) -> str:
    text = line[window.start : window.end].rstrip()
    start = min(max(0, span.column - 1 - window.start), len(text))
    end = min(span.end_column - 1 - window.start, len(text)) if span.end_row == span.row else len(text)
    indent = 1 + (3 if window.start else 0) + sum(map(_columns, text[:start]))
    return " " * indent + "^" * max(1, sum(map(_columns, text[start:end])))


def _shown(character: str) -> str:
    return TAB if character == "\t" else visible(character)


def _columns(character: str) -> int:
    """Terminal columns that a character takes as it is shown."""
    if character == "\t":
        return len(TAB)
    if character.isascii():
        return 1
    import unicodedata

    if unicodedata.combining(character) or unicodedata.category(visible(character)) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
