"""DNN401 over loss calls made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import LossCall, Operation
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]


def loss(*kinds: str, known: bool = True, kind: str = "CrossEntropyLoss") -> LossCall:
    last = tuple(Operation(each, Place("model.py", node)) for node, each in enumerate(kinds, 3))
    return LossCall(kind, Place("train.py", 9), None, last, known)


def test_the_softmax_is_reported_and_the_loss_is_related(judge: Judge) -> None:
    (finding,) = judge("softmax-before-cross-entropy", loss("softmax"))

    assert (finding.place, finding.severity) == (Place("model.py", 3), Severity.ERROR)
    assert [place for place, _ in finding.related] == [Place("train.py", 9)]


def test_each_softmax_that_can_come_last_is_reported(judge: Judge) -> None:
    findings = judge("softmax-before-cross-entropy", loss("softmax", "softmax"))

    assert [node(finding.place) for finding in findings] == [3, 4]


def test_log_softmax_is_merely_redundant(judge: Judge) -> None:
    (finding,) = judge("softmax-before-cross-entropy", loss("log_softmax"))

    assert (finding.severity, finding.blanks["activation"]) == (Severity.ADVICE, "log-softmax")


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(loss("linear"), id="raw scores"),
        pytest.param(loss("softmax", "linear"), id="softmax on one path only"),
        pytest.param(loss("softmax", "log_softmax"), id="two kinds"),
        pytest.param(loss("softmax", known=False), id="something unknown can reach the loss"),
        pytest.param(loss("log_softmax", kind="NLLLoss"), id="a loss that wants log-probabilities"),
        pytest.param(loss(), id="nothing is known of the prediction"),
    ],
)
def test_raw_and_unknown_scores_are_silent(judge: Judge, fact: LossCall) -> None:
    assert judge("softmax-before-cross-entropy", fact) == []
