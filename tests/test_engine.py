"""The engine judges facts and words what was found."""

from collections.abc import Collection, Iterable, Mapping

import pytest

from dnnlint.diagnostic import WHOLE_FILE, Diagnostic, Location, Place, Related, Severity, Span
from dnnlint.engine import diagnose, judge
from dnnlint.errors import RuleError
from dnnlint.evidence.script import Axis, Loader, Search, Unreadable
from dnnlint.rule import Findings, Rule


class WideSearch(Rule):
    """A search is wide."""

    code = "TST101"
    level = Severity.WARNING
    message = "search over {count} axes"
    why = "{count} is many."
    mend = "Drop one of {count}."

    def static(self, search: Search) -> Findings:
        if search.axes:
            related = ((Place(search.place.path, 9), "trained here"), (None, "nowhere"))
            yield self.at(search.place, count=len(search.axes), related=related)


class SearchOrLoader(Rule):
    """Everything is reported, in two ways."""

    code = "TST102"
    level = Severity.WARNING
    message = "seen"
    why = "It was seen."
    mend = "Look away."

    def static(self, fact: Search | Loader) -> Findings:
        yield self.at(fact.place)
        yield self.at(fact.place, severity=Severity.ERROR)


class Commented(Rule):
    """A fact that knows its own rows."""

    code = "TST103"
    level = Severity.WARNING
    message = "{reason}"
    why = "No."
    mend = "No."

    def static(self, fact: Unreadable) -> Findings:
        yield self.at(fact.place, reason=fact.reason, span=Span(fact.row or 1, 3, fact.row or 1, 7))


def search(node: int, path: str = "train.py", axes: int = 2) -> Search:
    return Search(Place(path, node), "nested loops", (Axis("lr", 3, True),) * axes, trains=True)


def loader(node: int) -> Loader:
    return Loader(Place("train.py", node), "", True, False, None, None, None)


def locate(places: Collection[Place], text: str = "line") -> Mapping[Place, Location]:
    """Lay every node on the row of its number."""
    return {
        place: Location(place.path, Span(place.node, 1, place.node, 5), "main", (place.node, place.node + 1), text)
        for place in places
    }


def found(facts: Iterable[object], *rules: Rule) -> list[Diagnostic]:
    return diagnose(judge(facts, rules), locate)


def test_rules_are_asked_about_the_facts_they_subscribe_to_and_no_others() -> None:
    verdicts = judge([search(1), loader(2), object()], [WideSearch(), SearchOrLoader()])

    assert [(rule.code, getattr(finding.place, "node", None)) for rule, finding, _ in verdicts] == [
        ("TST101", 1),
        ("TST102", 1),
        ("TST102", 1),
        ("TST102", 2),
        ("TST102", 2),
    ]


def test_blanks_are_filled_in_all_three_texts() -> None:
    (diagnostic,) = found([search(4)], WideSearch())

    assert diagnostic.message == "search over 2 axes"
    assert diagnostic.why == "2 is many."
    assert diagnostic.mend == "Drop one of 2."
    assert (diagnostic.filename, diagnostic.span.row, diagnostic.scope) == ("train.py", 4, "main")
    assert diagnostic.related == (Related("train.py", Span(9, 1, 9, 5), "trained here"),)


def test_diagnostics_are_sorted_by_place_and_said_once_at_their_worst() -> None:
    diagnostics = found([loader(7), search(3, "other.py", 0), loader(2)], SearchOrLoader())

    assert [(d.filename, d.span.row, d.severity) for d in diagnostics] == [
        ("other.py", 3, Severity.ERROR),
        ("train.py", 2, Severity.ERROR),
        ("train.py", 7, Severity.ERROR),
    ]


def test_a_finding_may_bring_its_own_span() -> None:
    (diagnostic,) = found([Unreadable(Place("a.py", WHOLE_FILE), "torn", row=12)], Commented())

    assert diagnostic.span == Span(12, 3, 12, 7)


def test_silence_asks_for_no_location() -> None:
    def never(places: Collection[Place]) -> Mapping[Place, Location]:
        raise AssertionError(places)

    assert diagnose([], never) == []


def test_fingerprints_survive_a_move_and_tell_twins_apart() -> None:
    here = [d.fingerprint for d in found([search(4), search(6)], WideSearch())]
    moved = [d.fingerprint for d in found([search(14), search(16)], WideSearch())]

    assert here == moved
    assert len(set(here)) == 2


@pytest.mark.parametrize(
    ("text", "same"),
    [
        pytest.param("for lr  in rates:", True, id="spacing does not matter"),
        pytest.param("for lr in other:", False, id="words do"),
    ],
)
def test_fingerprints_follow_the_text_of_the_line(text: str, same: bool) -> None:
    verdicts = judge([search(4)], [WideSearch()])
    (before,) = diagnose(verdicts, lambda places: locate(places, "for lr in rates:"))
    (after,) = diagnose(verdicts, lambda places: locate(places, text))

    assert (before.fingerprint == after.fingerprint) is same


def test_a_blank_that_is_not_filled_names_the_rule() -> None:
    class Blank(WideSearch):
        """A message asks for what is not given."""

        message = "search over {number} axes"

    with pytest.raises(RuleError, match=r"TST101 blank .*test_engine\.py.*message.*'number'"):
        found([search(1)], Blank())


def test_a_rule_that_fails_is_named_with_the_fact_and_the_line() -> None:
    class Failing(WideSearch):
        """It divides by zero."""

        def static(self, fact: Search) -> Findings:
            yield self.at(fact.place, count=1 // 0)

    with pytest.raises(
        RuleError, match=r"TST101 failing .*test_engine\.py:\d+.*ZeroDivisionError.*Search in train\.py"
    ):
        judge([search(1)], [Failing()])


def test_a_half_that_yields_nothing_at_all_is_named() -> None:
    class Returning(WideSearch):
        """It forgot to yield."""

        def static(self, fact: Search) -> Findings:  # type: ignore[empty-body]
            pass

    with pytest.raises(RuleError, match="TypeError"):
        judge([search(1)], [Returning()])
