"""The last word: how much was found, in how much."""

from collections import Counter
from collections.abc import Collection

from dnnlint.diagnostic import Diagnostic, Severity


def summary(diagnostics: Collection[Diagnostic], files: int, read: int, silenced: int) -> str:
    """Count findings by severity, and the files that were looked into."""
    scope = f"{counted(files, 'file')} checked, {read} of them with training code"
    if silenced:
        scope += f"; {counted(silenced, 'finding')} silenced by comments"
    if not diagnostics:
        return f"No findings: {scope}."
    places = len({diagnostic.filename for diagnostic in diagnostics})
    return f"Found {_by_severity(diagnostics)} in {counted(places, 'file')}: {scope}."


def run_summary(diagnostics: Collection[Diagnostic], steps: int, wanted: int, silenced: int) -> str:
    """Count findings by severity, and the steps of a run that were watched."""
    scope = counted(steps, "step") if steps >= wanted else f"{steps} of {counted(wanted, 'step')}"
    scope = f"{scope} watched"
    if silenced:
        scope += f"; {counted(silenced, 'finding')} silenced by comments"
    return f"Found {_by_severity(diagnostics)}: {scope}." if diagnostics else f"No findings: {scope}."


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _by_severity(diagnostics: Collection[Diagnostic]) -> str:
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    nouns = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "piece"}
    parts = [counted(counts[severity], nouns[severity]) for severity in Severity if counts[severity]]
    return ", ".join(part + " of advice" if "piece" in part else part for part in parts)
