"""DNN512 over wiped steps made by hand."""

from collections.abc import Callable

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import WipedStep
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]


def test_the_clearing_call_is_reported_between_its_neighbours(judge: Judge) -> None:
    fault = WipedStep(Place("train.py", 4), Place("train.py", 5), Place("train.py", 6), "SGD")
    (finding,) = judge("wiped-gradients", fault)

    assert (node(finding.place), finding.severity) == (5, Severity.ERROR)
    assert [node(place) for place, _ in finding.related] == [4, 6]
    assert finding.blanks == {"optimizer": "SGD"}
