"""DNN606 over accumulations made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import Accumulation
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]


@pytest.mark.parametrize(
    ("how", "word"),
    [("+=", "sums up"), ("append", "collects"), ("store", "stores")],
)
def test_the_accumulation_is_reported_in_its_own_words(judge: Judge, how: str, word: str) -> None:
    (finding,) = judge("loss-keeps-graph", Accumulation(Place("train.py", 5), how, "losses", Place("train.py", 1)))

    assert (node(finding.place), finding.severity) == (5, Severity.WARNING)
    assert (finding.blanks["target"], finding.blanks["collects"]) == ("losses", word)
    assert [node(place) for place, _ in finding.related] == [1]


def test_the_line_of_the_helper_is_related(judge: Judge) -> None:
    kept = Accumulation(Place("train.py", 5), "+=", "meter", None, inner=Place("utils.py", 3))
    (finding,) = judge("loss-keeps-graph", kept)

    assert [place for place, _ in finding.related] == [Place("utils.py", 3)]
