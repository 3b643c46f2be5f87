"""A command line over a pack and a reader made for these tests: each line with ``FAULT`` is a finding.

``FAULT advice`` and ``FAULT doubtful`` are findings of that kind, ``FAULT in helper.py`` lies in another file.
"""

import io
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import pytest

from dnnlint import check, packs
from dnnlint.cli import main
from dnnlint.diagnostic import Confidence, Location, Place, Severity, Span
from dnnlint.evidence.script import Accumulation, Script, Unreadable, UnusedSuppression
from dnnlint.rule import Findings, Rule

Run = Callable[..., tuple[int, str, str]]


class FileUnreadable(Rule):
    """A file cannot be read."""

    code, level = "TST001", Severity.ERROR
    message, why, mend = "cannot read: {reason}", "It is not checked.", "Repair it."

    def static(self, fact: Unreadable) -> Findings:
        yield self.at(fact.place, span=Span(1, 1, 1, 1), reason=fact.reason)


class CommentUnused(Rule):
    """A comment silences nothing."""

    code, level = "TST002", Severity.WARNING
    message, why, mend = "comment {text} {reason}", "It hides the next one.", "Delete it."

    def static(self, fact: UnusedSuppression) -> Findings:
        span = Span(fact.row, fact.column, fact.row, fact.end_column)
        yield self.at(fact.place, span=span, text=fact.text or "blanket", reason=fact.reason)


class LossyLine(Rule):
    """A line is at fault.

    ## Why it hurts
    It just does.
    """

    code, level = "TST101", Severity.ERROR
    message, why, mend = "line at fault: {how}", "It hurts.", "Mend it."

    def static(self, fact: Accumulation) -> Findings:
        related = ((fact.inner, "stored here"),)
        if fact.how == "advice":
            yield self.at(fact.place, severity=Severity.ADVICE, how=fact.how)
        elif fact.how == "doubtful":
            yield self.at(fact.place, confidence=Confidence.LOW, how=fact.how)
        else:
            yield self.at(fact.place, related=related, how=fact.how, evidence={"measured": 7.0})


class TastelessLine(Rule):
    """A line is a matter of taste."""

    code, level = "TST102", Severity.ADVICE
    message, why, mend = "line of poor taste", "It looks bad.", "Beautify it."

    def static(self, fact: Accumulation) -> Findings:
        yield self.at(fact.place)


RULES = (FileUnreadable(), CommentUnused(), LossyLine(), TastelessLine())


class LineReader:
    """Reads a file line by line; the number of a node is its row."""

    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = roots

    def read(self, path: str, data: bytes) -> Script:
        if b"SYNTAX ERROR" in data:
            return Script(path, (Unreadable(Place(path, -1), "invalid syntax", 1, 1),))
        facts = []
        for row, line in enumerate(data.decode().splitlines(), 1):
            words = line.partition("FAULT")[2].split("#")[0].split()
            if "FAULT" in line:
                where = Path(path).with_name(words[1]) if words[:1] == ["in"] else path
                place = Place(str(where), 1 if words[:1] == ["in"] else row)
                facts.append(Accumulation(place, " ".join(words), "x", None, Place(path, 1)))
        return Script(path, tuple(facts))

    def locate(self, places: Collection[Place]) -> Mapping[Place, Location]:
        return {place: self._location(place) for place in places}

    def _location(self, place: Place) -> Location:
        line = Path(place.path).read_text().splitlines()[place.node - 1] if Path(place.path).exists() else ""
        column = max(1, line.find("FAULT") + 1)
        return Location(
            place.path, Span(place.node, column, place.node, column + 5), "", (place.node, place.node), line
        )


class Streams(io.TextIOWrapper):
    """A standard input of given bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in an empty folder: its exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(packs, "load_rules", lambda: RULES)
    monkeypatch.setattr(check, "_reader", LineReader)
    monkeypatch.setattr(check, "mentions_framework", lambda data: b"torch" in data)
    for name in ("DNNLINT_OUTPUT_FORMAT", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", Streams(stdin))
        status = main(arguments)
        out, err = capsys.readouterr()
        return status, out, err

    return command
