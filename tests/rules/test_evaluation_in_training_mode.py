"""DNN601 over evaluation passes made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import EvaluationPass, Forward, Mode
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]


def evaluation(*modes: Mode, dependent: bool | None = True, why: tuple[str, ...] = ("no_grad",)) -> EvaluationPass:
    forward = Forward("model", Place("train.py", 5), frozenset(modes), None, dependent, True)
    return EvaluationPass(forward, Place("train.py", 3), why, False)


@pytest.mark.parametrize(
    ("why", "severity"),
    [
        pytest.param(("no_grad", "loader test_loader"), Severity.ERROR, id="two witnesses"),
        pytest.param(("name evaluate",), Severity.WARNING, id="one witness"),
    ],
)
def test_the_call_of_the_network_is_reported(judge: Judge, why: tuple[str, ...], severity: Severity) -> None:
    (finding,) = judge("evaluation-in-training-mode", evaluation(Mode.TRAIN, why=why))

    assert (node(finding.place), finding.severity) == (5, severity)
    assert finding.evidence == {"taken_for_evaluation_by": list(why)}


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(evaluation(Mode.EVAL), id="evaluation mode"),
        pytest.param(evaluation(Mode.TRAIN, Mode.EVAL), id="evaluation mode on one path"),
        pytest.param(evaluation(Mode.TRAIN, Mode.UNKNOWN), id="perhaps set by unknown code"),
        pytest.param(evaluation(Mode.TRAIN, dependent=False), id="neither dropout nor batch normalisation"),
        pytest.param(evaluation(Mode.TRAIN, dependent=None), id="perhaps neither"),
    ],
)
def test_harmless_and_unknown_modes_are_silent(judge: Judge, fact: EvaluationPass) -> None:
    assert judge("evaluation-in-training-mode", fact) == []
