"""Findings as JSON, for programs."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from dnnlint.diagnostic import Diagnostic, Edit, Fix, Related, Span
from dnnlint.report.page import page_url


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Findings as a list of objects; the text ends with a newline."""
    return json.dumps([item(diagnostic) for diagnostic in diagnostics], indent=2, allow_nan=False) + "\n"


def run_as_json(diagnostics: Iterable[Diagnostic], run: Mapping[str, Any]) -> str:
    """Findings beside the record of the run in which they were seen; the text ends with a newline."""
    document = {"findings": [item(diagnostic) for diagnostic in diagnostics], "run": _plain(run)}
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def item(diagnostic: Diagnostic) -> dict[str, Any]:
    """One finding, its keys in the order that is promised."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "filename": diagnostic.filename,
        **_locations(diagnostic.span),
        "cell": diagnostic.cell,
        "source": diagnostic.source,
        "confidence": str(diagnostic.confidence),
        "evidence": _plain(diagnostic.evidence),
        "related": [_related(related) for related in diagnostic.related],
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
        "url": page_url(diagnostic.name),
        "fingerprint": diagnostic.fingerprint,
    }


def _locations(span: Span) -> dict[str, Any]:
    return {
        "location": {"row": span.row, "column": span.column},
        "end_location": {"row": span.end_row, "column": span.end_column},
    }


def _related(related: Related) -> dict[str, Any]:
    return {
        "filename": related.filename,
        "location": {"row": related.span.row, "column": related.span.column},
        "message": related.message,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {"applicability": fix.applicability, "message": fix.message, "edits": [_edit(edit) for edit in fix.edits]}


def _edit(edit: Edit) -> dict[str, Any]:
    return {**_locations(edit.span), "content": edit.content}


def _plain(value: Any) -> Any:
    """A value as JSON knows it; infinities and whatever else it lacks become texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    return str(value)
