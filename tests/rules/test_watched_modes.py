"""The runtime halves about modes and devices, over records made by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from dnnlint.evidence.trace import Devices, ForwardPass, Mismatch, Passes
from dnnlint.rule import Finding, Severity
from tests.rules.traces import forward, layer, row, site

Watch = Callable[..., list[Finding]]
DROPOUT = layer("drop", "Dropout", op="dropout", order=3)
NORM = layer("norm", "BatchNorm1d", op="batchnorm", order=4)


def asleep(step: int = 0, *, frozen: bool = False, of: Any = DROPOUT, **more: Any) -> ForwardPass:
    """A training pass in evaluation mode."""
    told = forward(step, training=False, dependent=(of,), frozen=(frozen,), was_eval=site(70))
    return told._replace(**more)


def passes(*told: ForwardPass) -> Passes:
    return Passes(told)


def test_training_in_evaluation_mode(watch: Watch) -> None:
    (finding,) = watch("training-in-eval-mode", passes(forward(0), forward(1), asleep(2), asleep(3), asleep(4)))

    assert (row(finding.place), finding.severity) == (70, Severity.ERROR)
    assert (finding.blanks["count"], finding.blanks["seen"]) == (3, 5)
    assert [row(place) for place, _ in finding.related] == [40]


def test_a_network_that_was_loaded_in_evaluation_mode_is_reported_where_it_is_called(watch: Watch) -> None:
    (finding,) = watch("training-in-eval-mode", passes(asleep(0, was_eval=None), asleep(1, was_eval=None)))

    assert (row(finding.place), finding.related) == (40, ())


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((forward(0), forward(1)), id="training mode"),
        pytest.param((forward(0), asleep(1)), id="once"),
        pytest.param((asleep(0), forward(0), asleep(1), forward(1)), id="adversarial samples"),
        pytest.param((asleep(0, of=NORM, frozen=True), asleep(1, of=NORM, frozen=True)), id="frozen statistics"),
        pytest.param(
            tuple(asleep(n)._replace(dependent=(DROPOUT, NORM), frozen=(True, True)) for n in range(2)),
            id="frozen body",
        ),
        pytest.param((asleep(0, dependent=()), asleep(1, dependent=())), id="nothing depends on the mode"),
        pytest.param((asleep(0, optimized=False), asleep(1, optimized=False)), id="a teacher"),
        pytest.param((asleep(0, backward=False), asleep(1, backward=False)), id="an evaluation"),
        pytest.param(tuple(forward(n, dependent=(NORM,), frozen=(False,)) for n in range(2)), id="one part asleep"),
        pytest.param((), id="nothing"),
    ],
)
def test_training_in_training_mode_is_silent(watch: Watch, told: tuple[ForwardPass, ...]) -> None:
    assert watch("training-in-eval-mode", passes(*told)) == []


def scored(step: int, **more: Any) -> ForwardPass:
    """A pass without gradients in training mode."""
    told = forward(step, called=site(45), grad=False, backward=False, dependent=(DROPOUT,), frozen=(False,))
    return told._replace(**more)


TRAINED = tuple(forward(step) for step in range(5))


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((scored(2), scored(2), scored(2)), id="a loop after some steps"),
        pytest.param((scored(0), scored(0)), id="before training"),
        pytest.param((scored(2), scored(4)), id="once an epoch"),
    ],
)
def test_evaluation_in_training_mode(watch: Watch, told: tuple[ForwardPass, ...]) -> None:
    (finding,) = watch("evaluation-in-training-mode", passes(*TRAINED, *told))

    assert (row(finding.place), finding.severity) == (45, Severity.WARNING)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((*TRAINED, scored(2, training=False)), id="evaluation mode"),
        pytest.param((*TRAINED, *(scored(step) for step in range(5))), id="samples for a discriminator"),
        pytest.param((*TRAINED[1::2], *(scored(step) for step in range(0, 5, 2))), id="in turns with a discriminator"),
        pytest.param((*TRAINED, scored(0)), id="a pass to learn shapes from"),
        pytest.param((*TRAINED, scored(2, optimized=False)), id="a teacher"),
        pytest.param((*TRAINED, scored(2, dependent=(), frozen=())), id="nothing depends on the mode"),
        pytest.param((*TRAINED, scored(2, frozen=(True,))), id="frozen"),
        pytest.param((*TRAINED, scored(2, grad=True)), id="gradients are recorded"),
        pytest.param((scored(2), scored(2)), id="never trained"),
        pytest.param((), id="nothing"),
    ],
)
def test_other_passes_are_silent(watch: Watch, told: tuple[ForwardPass, ...]) -> None:
    assert watch("evaluation-in-training-mode", passes(*told)) == []


def test_tensors_on_different_devices(watch: Watch) -> None:
    told = Mismatch(site(41), ("cpu", "cuda:0"), "Net", "Expected all tensors to be on the same device")
    (finding,) = watch("device-mismatch", Devices((told, told), ("cuda:0",), ("cpu",), ("float32",), ""))

    assert (row(finding.place), finding.severity) == (41, Severity.ERROR)
    assert finding.blanks["devices"] == "cpu and cuda:0"


def test_one_device_is_silent(watch: Watch) -> None:
    assert watch("device-mismatch", Devices((), ("cpu",), ("cpu",), ("float32",), "")) == []
