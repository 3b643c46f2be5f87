"""What is said, and where: the vocabulary that every room shares."""

import enum
from typing import Any, NamedTuple


class Severity(enum.StrEnum):
    """How bad it is, by consequence: defective, hurtful, or merely untuned."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"

    @property
    def rank(self) -> int:
        """3 for an error, 1 for advice: higher is worse."""
        return {"error": 3, "warning": 2, "advice": 1}[self.value]


class Confidence(enum.StrEnum):
    """How sure the evidence is, independent of how bad the fault would be."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Place(NamedTuple):
    """An address inside a file that has not been turned into a line yet.

    Lines and columns cost a fifth of a parse, so only the places of findings are ever resolved.
    """

    path: str
    node: int  # number of the syntax node in reading order; WHOLE_FILE for the file itself


WHOLE_FILE = -1


class Span(NamedTuple):
    """A stretch of source; rows and columns start at 1, the end is exclusive."""

    row: int
    column: int
    end_row: int
    end_column: int


class Site(NamedTuple):
    """A line of the user's that a running program came through: a place that knows its rows and columns."""

    path: str
    span: Span
    scope: str = ""  # qualified name of the function, "" at the top of a module


class Location(NamedTuple):
    """A place turned into lines, with what surrounds it."""

    filename: str
    span: Span
    scope: str  # qualified name of the enclosing function or class, "" at the top
    statement: tuple[int, int]  # first and last row of the enclosing statement
    text: str  # the source line that the span starts on, "" for the file itself


class Related(NamedTuple):
    """A second place that a finding speaks of."""

    filename: str
    span: Span
    message: str


class Edit(NamedTuple):
    """Replace one span by a text."""

    span: Span
    content: str


class Fix(NamedTuple):
    """Edits that would mend the finding; safe only where the meaning of the program cannot change."""

    applicability: str  # "safe" | "unsafe"
    message: str
    edits: tuple[Edit, ...]


class Diagnostic(NamedTuple):
    """One finding as it is reported: located, worded, and independent of how it was found."""

    code: str
    name: str
    severity: Severity
    message: str
    why: str
    mend: str
    filename: str
    span: Span
    source: str = "static"  # "static" | "runtime" | "both"
    confidence: Confidence = Confidence.HIGH
    evidence: dict[str, Any] = {}
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    scope: str = ""  # qualified name of the enclosing function or class; part of the fingerprint
    cell: int | None = None  # number of the notebook cell, from 1
    fingerprint: str = ""
