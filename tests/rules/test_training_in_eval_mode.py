"""DNN602 over training steps made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import Forward, Gradients, Mode, TrainingStep
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]
FAULTY = Forward("model", Place("train.py", 4), frozenset({Mode.EVAL}), Place("train.py", 9), True, True)


def step(*forwards: Forward) -> TrainingStep:
    cleared = frozenset({Gradients.CLEAR})
    return TrainingStep(
        Place("train.py", 5), Place("train.py", 6), Place("train.py", 1), "optimizer", cleared, forwards
    )


def test_the_call_that_set_the_mode_is_reported(judge: Judge) -> None:
    (finding,) = judge("training-in-eval-mode", step(FAULTY))

    assert (node(finding.place), finding.severity) == (9, Severity.ERROR)
    assert [node(place) for place, _ in finding.related] == [4, 5]


def test_without_one_such_call_the_forward_pass_is_reported(judge: Judge) -> None:
    (finding,) = judge("training-in-eval-mode", step(FAULTY._replace(mode_set=None)))

    assert node(finding.place) == 4
    assert [node(place) for place, _ in finding.related] == [5]


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        pytest.param({"mode_dependent": None}, 1, id="the layers are not known"),
        pytest.param({"mode_dependent": False}, 0, id="neither dropout nor batch normalisation"),
        pytest.param({"optimized": False}, 0, id="a frozen teacher"),
        pytest.param({"optimized": None}, 0, id="perhaps a frozen teacher"),
        pytest.param({"modes": frozenset({Mode.TRAIN})}, 0, id="training mode"),
        pytest.param({"modes": frozenset({Mode.TRAIN, Mode.EVAL})}, 0, id="training mode on one path"),
        pytest.param({"modes": frozenset({Mode.EVAL, Mode.UNKNOWN})}, 0, id="perhaps set by unknown code"),
    ],
)
def test_only_trained_networks_in_eval_mode_are_reported(judge: Judge, changes: dict[str, object], count: int) -> None:
    assert len(judge("training-in-eval-mode", step(FAULTY._replace(**changes)))) == count  # type: ignore[arg-type]


def test_each_network_of_a_step_is_judged_by_itself(judge: Judge) -> None:
    teacher = FAULTY._replace(network="teacher", optimized=False)
    findings = judge("training-in-eval-mode", step(teacher, FAULTY))

    assert [finding.blanks["network"] for finding in findings] == ["model"]
