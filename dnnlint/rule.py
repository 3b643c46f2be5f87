"""Rule: one thing said about training, with the halves that can see it."""

import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

from dnnlint.diagnostic import Confidence, Place, Severity, Site, Span

__all__ = ["Confidence", "Finding", "Findings", "Place", "Rule", "Severity", "Site"]


class Finding(NamedTuple):
    """What a rule yields: a place and the blanks of its message. The engine stamps path and line."""

    place: Place | Site
    blanks: dict[str, Any]
    severity: Severity
    confidence: Confidence
    evidence: dict[str, Any]
    related: tuple[tuple[Place | Site, str], ...]
    span: Span | None = None  # where the fact already knows its rows and columns, as a comment does


Findings = Iterator[Finding]


class Rule:
    """Base class of every rule.

    The class docstring is the rule's page. A half is a method, and its annotations are its subscription:
    ``static`` judges one fact read from source per call, and a union of types subscribes to each member;
    ``runtime`` is called once with what the named channels measured, and makes the probe measure these.
    """

    code: ClassVar[str]
    level: ClassVar[Severity]
    message: ClassVar[str]  # what was read; blanks are filled from the finding
    measured: ClassVar[str] = ""  # what was seen in the run, where the words differ from the message
    why: ClassVar[str]  # one sentence: why it hurts
    mend: ClassVar[str]  # one line: what to do
    confidence: ClassVar[Confidence] = Confidence.HIGH
    static: ClassVar[Callable[..., Findings] | None] = None
    runtime: ClassVar[Callable[..., Findings] | None] = None

    @property
    def name(self) -> str:
        """The readable name, spelt like the file: ``MissingZeroGrad`` is ``missing-zero-grad``."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", type(self).__name__).lower()

    def at(
        self,
        place: Place | Site,
        *,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        evidence: dict[str, Any] | None = None,
        related: tuple[tuple[Place | Site | None, str], ...] = (),
        span: Span | None = None,
        **blanks: Any,
    ) -> Finding:
        """State the fault at a place; related places that are None are left out."""
        known = tuple((where, text) for where, text in related if where is not None)
        sure = confidence or self.confidence
        return Finding(place, blanks, severity or self.level, sure, evidence or {}, known, span)
