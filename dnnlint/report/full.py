"""Findings with the code that they are about, the reason and the mend: the default format."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from dnnlint.diagnostic import Confidence, Diagnostic, Related
from dnnlint.report.frame import frame, gutter_width
from dnnlint.report.paint import SEVERITY_STYLES, Segment, one_line

Lines = Callable[[str], Sequence[str]]


def full(diagnostics: Iterable[Diagnostic], lines: Lines) -> Iterator[Segment]:
    """Show findings one below the other, a blank line after each."""
    for diagnostic in diagnostics:
        yield from _finding(diagnostic, lines)
        yield "\n", ""


def _finding(diagnostic: Diagnostic, lines: Lines) -> Iterator[Segment]:
    style = SEVERITY_STYLES[diagnostic.severity]
    source = lines(diagnostic.filename)
    yield from _header(diagnostic, style)
    yield from frame(source, diagnostic.span, style)
    margin = " " * gutter_width(diagnostic.span, source)
    yield from _note(margin, "why", diagnostic.why)
    yield from _note(margin, "mend", diagnostic.mend)
    for related in diagnostic.related:
        yield from _related(margin, related, lines)
    yield from _note(margin, "more", f"dnnlint rule {diagnostic.code}")


def _header(diagnostic: Diagnostic, style: str) -> Iterator[Segment]:
    doubt = "" if diagnostic.confidence is Confidence.HIGH else f", {diagnostic.confidence} confidence"
    yield f"{_place(diagnostic.filename, diagnostic.span.row, diagnostic.span.column)}: ", "bold"
    yield f"{diagnostic.code} {diagnostic.name}", style
    yield f" [{diagnostic.severity}{doubt}]\n", ""
    yield f"{one_line(diagnostic.message)}\n", "bold"


def _note(margin: str, label: str, text: str) -> Iterator[Segment]:
    yield f"{margin} = ", "blue"
    yield f"{label}: ", "bold"
    yield f"{one_line(text)}\n", ""


def _related(margin: str, related: Related, lines: Lines) -> Iterator[Segment]:
    place = _place(related.filename, related.span.row, related.span.column)
    yield from _note(margin, "see", f"{place}: {related.message}")
    yield from _indented(frame(lines(related.filename), related.span, "cyan", context=0), margin)


def _indented(segments: Iterable[Segment], margin: str) -> Iterator[Segment]:
    fresh = True
    for text, style in segments:
        yield (f"{margin}   {text}" if fresh else text), style
        fresh = text.endswith("\n")


def _place(filename: str, row: int, column: int) -> str:
    return f"{one_line(filename)}:{row}:{column}"
