"""Joins what was read and what was seen: a suspicion and its proof are one finding."""

from collections import Counter
from collections.abc import Callable, Sequence

from dnnlint.diagnostic import Confidence, Diagnostic, Related, Span

Matches = Callable[[Diagnostic, Diagnostic], bool]
_SURENESS = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)


def join(static: Sequence[Diagnostic], watched: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Findings of both wings, sorted by place; pairs that speak of the same fault have become one.

    The closest pairs are taken first, and no finding is part of two pairs.
    """
    read, seen = list(static), list(watched)
    joined = []
    for matches in (_same_lines, _related, _only_ones(static, watched)):
        for suspicion in tuple(read):
            proof = next((one for one in seen if one.code == suspicion.code and matches(suspicion, one)), None)
            if proof is not None:
                read.remove(suspicion)
                seen.remove(proof)
                joined.append(_one(suspicion, proof))
    return sorted(
        [*joined, *read, *seen], key=lambda diagnostic: (diagnostic.filename, diagnostic.span, diagnostic.code)
    )


def _same_lines(suspicion: Diagnostic, proof: Diagnostic) -> bool:
    return suspicion.filename == proof.filename and _meet(suspicion.span, proof.span)


def _related(suspicion: Diagnostic, proof: Diagnostic) -> bool:
    return _mentions(suspicion, proof) or _mentions(proof, suspicion)


def _mentions(one: Diagnostic, other: Diagnostic) -> bool:
    return any(related.filename == other.filename and _meet(related.span, other.span) for related in one.related)


def _only_ones(static: Sequence[Diagnostic], watched: Sequence[Diagnostic]) -> Matches:
    counts = [Counter((diagnostic.code, diagnostic.filename) for diagnostic in wing) for wing in (static, watched)]

    def matches(suspicion: Diagnostic, proof: Diagnostic) -> bool:
        key = suspicion.code, suspicion.filename
        return suspicion.filename == proof.filename and all(count[key] == 1 for count in counts)

    return matches


def _meet(one: Span, other: Span) -> bool:
    return one.row <= other.end_row and other.row <= one.end_row


def _one(suspicion: Diagnostic, proof: Diagnostic) -> Diagnostic:
    return suspicion._replace(
        source="both",
        message=_message(suspicion.message, proof.message),
        severity=max(suspicion.severity, proof.severity, key=lambda severity: severity.rank),
        confidence=max(suspicion.confidence, proof.confidence, key=_SURENESS.index),
        evidence={**suspicion.evidence, **proof.evidence},
        related=_related_places(suspicion, proof),
    )


def _message(read: str, measured: str) -> str:
    return read if measured == read else f"{read}; in the run: {measured}"


def _related_places(suspicion: Diagnostic, proof: Diagnostic) -> tuple[Related, ...]:
    """Every other line that one of the two speaks of, that of the proof among them."""
    places = list(suspicion.related)
    for place in (Related(proof.filename, proof.span, "seen in the run here"), *proof.related):
        known = [(suspicion.filename, suspicion.span), *((one.filename, one.span) for one in places)]
        if not any(place.filename == filename and _meet(place.span, span) for filename, span in known):
            places.append(place)
    return tuple(places)
