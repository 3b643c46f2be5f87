"""Results as plain values and back: a record is the list of its fields, in their order."""

from typing import Any

from dnnlint.diagnostic import Confidence, Diagnostic, Edit, Fix, Related, Severity, Span
from dnnlint.engine import Spoken
from dnnlint.examine import Examined


def plain(examined: Examined) -> list[Any]:
    """Nothing but what JSON knows; what was looked up is kept apart."""
    return [[list(spoken) for spoken in examined.spoken], examined.unreadable]


def restored(values: list[Any]) -> Examined:
    """The record behind plain values; a TypeError, ValueError or LookupError if they are none."""
    spoken, unreadable = values
    if not (isinstance(spoken, list) and isinstance(unreadable, list)):
        raise TypeError("a record of another form")
    return Examined(
        spoken=tuple(Spoken(_diagnostic(*diagnostic), str(text)) for diagnostic, text in spoken),
        unreadable=tuple(map(str, unreadable)),
    )


def _diagnostic(*fields: Any) -> Diagnostic:
    one = Diagnostic(*fields)
    return one._replace(
        severity=Severity(one.severity),
        confidence=Confidence(one.confidence),
        span=Span(*one.span),
        related=tuple(Related(filename, Span(*span), text) for filename, span, text in one.related),
        fix=one.fix and _fix(*one.fix),
    )


def _fix(applicability: str, message: str, edits: Any) -> Fix:
    return Fix(applicability, message, tuple(Edit(Span(*span), content) for span, content in edits))
