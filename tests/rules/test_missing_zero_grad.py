"""DNN511 over training steps made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Gradients, TrainingStep
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]


def step(*gradients: Gradients, loop: bool = True) -> TrainingStep:
    around = Place("train.py", 1) if loop else None
    return TrainingStep(Place("train.py", 5), Place("train.py", 6), around, "optimizer", frozenset(gradients), ())


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(step(Gradients.STALE), id="stepped on in every iteration"),
        pytest.param(step(Gradients.STALE, Gradients.READY), id="stepped on in some iterations"),
    ],
)
def test_the_backward_pass_is_reported(judge: Judge, fact: TrainingStep) -> None:
    (finding,) = judge("missing-zero-grad", fact)

    assert node(finding.place) == 5
    assert [node(place) for place, _ in finding.related] == [6, 1]


def test_a_step_without_a_loop_has_one_place_less(judge: Judge) -> None:
    (finding,) = judge("missing-zero-grad", step(Gradients.STALE, loop=False))

    assert [node(place) for place, _ in finding.related] == [6]


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(step(Gradients.CLEAR), id="cleared"),
        pytest.param(step(Gradients.CLEAR, Gradients.STALE), id="cleared on one path"),
        pytest.param(step(Gradients.STALE, Gradients.UNKNOWN), id="perhaps cleared by unknown code"),
        pytest.param(step(Gradients.READY), id="accumulated and not stepped on yet"),
        pytest.param(step(), id="nothing known"),
    ],
)
def test_cleared_and_unknown_gradients_are_silent(judge: Judge, fact: TrainingStep) -> None:
    assert judge("missing-zero-grad", fact) == []
