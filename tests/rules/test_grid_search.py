"""DNN801 over searches made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import Axis, Search
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]
RATE, WIDTH, DEPTH = Axis("lr", 3, True), Axis("width", 2, False), Axis("depth", 4, False)


def search(*axes: Axis, trains: bool = True) -> Search:
    return Search(Place("tune.py", 2), "nested loops", axes, trains)


def test_three_axes_are_reported_with_their_cost(judge: Judge) -> None:
    (finding,) = judge("grid-search", search(RATE, WIDTH, DEPTH))

    assert (node(finding.place), finding.severity) == (2, Severity.WARNING)
    assert finding.blanks["axes"] == "`lr`, `width`, `depth`"
    assert finding.evidence == {"axes": 3, "trials": 24}


def test_the_cost_is_left_out_where_it_is_not_known(judge: Judge) -> None:
    (finding,) = judge("grid-search", search(RATE, WIDTH, DEPTH._replace(values=None)))

    assert finding.blanks["cost"] == ""
    assert finding.evidence == {"axes": 3}


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(search(RATE, WIDTH), id="two axes"),
        pytest.param(search(WIDTH, DEPTH, Axis("heads", 2, False)), id="nothing continuous"),
        pytest.param(search(RATE, WIDTH, DEPTH, trains=False), id="nothing is trained"),
    ],
)
def test_small_and_discrete_searches_are_silent(judge: Judge, fact: Search) -> None:
    assert judge("grid-search", fact) == []
