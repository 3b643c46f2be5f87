"""The runtime halves about losses, over records made by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from dnnlint.evidence.trace import (
    Activations,
    Events,
    Gradients,
    Inputs,
    LossCall,
    Losses,
    Prediction,
    Predictions,
    Spread,
)
from dnnlint.rule import Finding, Severity
from tests.rules.traces import (
    BROKEN,
    INF,
    NAN,
    activation_step,
    activations,
    back,
    batch,
    cycle,
    gradients,
    layer,
    loss_call,
    parameter,
    prediction,
    row,
    site,
)

Watch = Callable[..., list[Finding]]
CHANCES = Spread(0.1, 0.2, 0.0, 1.0)


def predictions(*told: Prediction) -> Predictions:
    return Predictions(told)


def scores(step: int = 0, op: str = "unknown", **more: Any) -> Prediction:
    """Rows that sum to one, of an origin that was not seen."""
    call = loss_call(step=step, input_op=op)
    return prediction(call, input=CHANCES, row_sum=(1.0, 1.0))._replace(**more)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([scores(op="softmax")], id="the operation was seen"),
        pytest.param([scores(op="softmax", row_sum=None)], id="the operation alone"),
        pytest.param([scores(0), scores(1)], id="the values give it away"),
        pytest.param([scores(0, row_sum=(0.9995, 1.0004)), scores(1)], id="rounded"),
    ],
)
def test_softmax_before_cross_entropy(watch: Watch, told: list[Prediction]) -> None:
    (finding,) = watch("softmax-before-cross-entropy", predictions(*told))

    assert (row(finding.place), finding.severity) == (50, Severity.ERROR)


def test_it_is_reported_where_softmax_is_applied(watch: Watch) -> None:
    early, later = scores(op="softmax"), scores(1, op="softmax")
    later = later._replace(call=later.call._replace(made=site(30)))
    (finding,) = watch("softmax-before-cross-entropy", predictions(early, later))

    assert (row(finding.place), [row(place) for place, _ in finding.related]) == (30, [50])


def test_log_softmax_is_only_redundant(watch: Watch) -> None:
    (finding,) = watch("softmax-before-cross-entropy", predictions(scores(op="log_softmax")))

    assert finding.severity == Severity.ADVICE


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([scores(0)], id="one batch may be chance"),
        pytest.param([scores(0), scores(1, row_sum=(0.9, 1.1))], id="rows of other sums"),
        pytest.param([scores(0), scores(1, input=Spread(0.0, 1.0, -0.5, 1.5))], id="raw scores"),
        pytest.param([scores(step, row_sum=None) for step in (0, 1)], id="no class axis"),
        pytest.param([scores(step, row_sum=(NAN, NAN)) for step in (0, 1)], id="not finite"),
        pytest.param([scores(op="softmax", call=loss_call("NLLLoss", input_op="softmax"))], id="another loss"),
        pytest.param([scores(call=loss_call(input_op="softmax", trains=False))], id="only evaluated"),
        pytest.param([], id="nothing"),
    ],
)
def test_scores_before_cross_entropy_are_silent(watch: Watch, told: list[Prediction]) -> None:
    assert watch("softmax-before-cross-entropy", predictions(*told)) == []


def binary(kind: str = "BCEWithLogitsLoss", op: str = "linear", **more: Any) -> Prediction:
    call = loss_call(kind, input_op=op, trains=bool(more.pop("trains", True)))
    return prediction(call, input=CHANCES)._replace(**more)


@pytest.mark.parametrize("op", ["sigmoid", "softmax", "hardsigmoid"])
def test_sigmoid_before_bce_with_logits(watch: Watch, op: str) -> None:
    (finding,) = watch("sigmoid-before-bce-with-logits", predictions(binary(op=op), binary(op=op)))

    assert (row(finding.place), finding.severity) == (50, Severity.ERROR)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(binary(op="linear"), id="raw scores within [0, 1]"),
        pytest.param(binary(op="unknown"), id="origin not seen"),
        pytest.param(binary("BCELoss", "sigmoid"), id="the loss for probabilities"),
        pytest.param(binary(op="sigmoid", trains=False), id="only evaluated"),
    ],
)
def test_scores_before_bce_with_logits_are_silent(watch: Watch, told: Prediction) -> None:
    assert watch("sigmoid-before-bce-with-logits", predictions(told)) == []


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(binary("BCELoss", "linear"), id="raw scores within [0, 1]"),
        pytest.param(binary("BCELoss", "unknown", input=Spread(0.0, 1.0, -2.0, 0.9)), id="below zero"),
        pytest.param(
            binary("BCELoss", "unknown", input=Spread(0.0, 1.0, 0.0, 1.01), trains=False), id="above one, and refused"
        ),
    ],
)
def test_bce_on_logits(watch: Watch, told: Prediction) -> None:
    (finding,) = watch("bce-on-logits", predictions(told, told))

    assert (row(finding.place), finding.severity) == (50, Severity.ERROR)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(binary("BCELoss", "sigmoid"), id="probabilities"),
        pytest.param(binary("BCELoss", "unknown"), id="origin not seen"),
        pytest.param(binary("BCELoss", "sigmoid", input=Spread(0.5, 0.1, 0.0, 1.00005)), id="rounded"),
        pytest.param(binary("BCELoss", "sigmoid", input=BROKEN), id="not finite"),
        pytest.param(
            binary("BCEWithLogitsLoss", "linear", input=Spread(0.0, 3.0, -9.0, 9.0)), id="the loss for scores"
        ),
    ],
)
def test_probabilities_before_bce_are_silent(watch: Watch, told: Prediction) -> None:
    assert watch("bce-on-logits", predictions(told)) == []


def squared(given: tuple[int, ...], target: tuple[int, ...], **more: Any) -> Losses:
    call = loss_call("MSELoss", input_shape=given, target_shape=target)._replace(**more)
    return Losses((call, call._replace(step=1)), ())


@pytest.mark.parametrize(
    "losses, severity",
    [
        pytest.param(squared((32, 1), (32,)), Severity.ERROR, id="column and row"),
        pytest.param(squared((32,), (32, 1)), Severity.ERROR, id="row and column"),
        pytest.param(squared((8, 5, 1), (8, 5)), Severity.ERROR, id="with time steps"),
        pytest.param(squared((32, 1), (32,), kind="HuberLoss", reduction="none"), Severity.ERROR, id="not reduced"),
        pytest.param(squared((32, 1), (1, 32)), Severity.WARNING, id="as many axes"),
    ],
)
def test_broadcast_in_loss(watch: Watch, losses: Losses, severity: Severity) -> None:
    (finding,) = watch("broadcast-in-loss", losses)

    assert (row(finding.place), finding.severity) == (50, severity)


@pytest.mark.parametrize(
    "losses",
    [
        pytest.param(squared((32, 1), (32, 1)), id="one shape"),
        pytest.param(squared((32, 1), ()), id="one target for all"),
        pytest.param(squared((32, 4), (4,)), id="one row for all"),
        pytest.param(squared((32, 4), (32, 1)), id="one target for all outputs"),
        pytest.param(squared((1, 1), (1,)), id="a batch of one"),
        pytest.param(squared((32, 1, 4), (1, 32, 4), reduction="none"), id="all pairs on purpose"),
        pytest.param(squared((32, 10), (32,), kind="CrossEntropyLoss"), id="class indices"),
        pytest.param(squared((), ()), id="numbers"),
    ],
)
def test_shapes_that_fit_are_silent(watch: Watch, losses: Losses) -> None:
    assert watch("broadcast-in-loss", losses) == []


FIRST, SECOND = layer("first", order=0), layer("second", order=1)
HEALTHY_GRADIENTS = (gradients(parameter(FIRST)), gradients(parameter(SECOND)))


def course(*values: float | None) -> Losses:
    """One loss call and one backward pass a step."""
    calls = tuple(loss_call(step=step, value=value) for step, value in enumerate(values))
    return Losses(calls, tuple(back(step, value) for step, value in enumerate(values)))


def heard(step: int, *broken: str) -> Activations:
    return Activations(
        tuple(
            activations(
                one, *(activation_step(n, BROKEN if n == step and one.path in broken else CHANCES) for n in range(3))
            )
            for one in (FIRST, SECOND)
        )
    )


def test_the_first_layer_that_is_not_finite(watch: Watch) -> None:
    (finding,) = watch("non-finite-value", course(1.0, 1.0, NAN), heard(2, "second"))

    assert (row(finding.place), [row(place) for place, _ in finding.related]) == (11, [50])
    assert finding.severity == Severity.ERROR


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_the_loss_itself(watch: Watch, value: float) -> None:
    (finding,) = watch("non-finite-value", course(1.0, value), heard(9))

    assert row(finding.place) == 50


@pytest.mark.parametrize(
    "calls, line",
    [
        pytest.param((), 51, id="made by hand"),
        pytest.param((loss_call(value=None),), 50, id="of one loss that was not reduced"),
        pytest.param((loss_call(value=None), loss_call(value=None, called=site(55))), 51, id="of two losses"),
    ],
)
def test_a_loss_that_only_the_backward_pass_knows(watch: Watch, calls: tuple[LossCall, ...], line: int) -> None:
    (finding,) = watch("non-finite-value", Losses(calls, (back(value=NAN),)))

    assert row(finding.place) == line


def test_a_gradient_alone_is_led_to_the_backward_pass_and_to_the_layer_nearest_to_the_output(watch: Watch) -> None:
    broken = (gradients(parameter(FIRST), 1.0, NAN), gradients(parameter(SECOND), 1.0, NAN))
    (finding,) = watch("non-finite-value", course(1.0, 1.0), Gradients(broken, False))

    assert row(finding.place) == 51
    assert [(row(place), text) for place, text in finding.related] == [(11, "the layer")]


@pytest.mark.parametrize(
    "channels",
    [
        pytest.param((course(1.0, 2.0, 1.0), Gradients(HEALTHY_GRADIENTS, False)), id="finite"),
        pytest.param((course(1.0, 1.0), heard(1, "first")), id="a mask that never reaches the loss"),
        pytest.param((course(None, None),), id="not measured"),
        pytest.param((course(1.0, NAN), Inputs((batch(1, finite=False),), ())), id="samples were not"),
        pytest.param(
            (course(1.0, NAN), predictions(prediction(loss_call(step=0), target=BROKEN))), id="targets were not"
        ),
        pytest.param(
            (Gradients((gradients(None, INF, 1.0),), False), Events((), (cycle(0, overflow=True),))),
            id="a step that the scaler skips",
        ),
        pytest.param((Losses((loss_call(value=NAN, trains=False),), ()),), id="an evaluation"),
        pytest.param((), id="nothing"),
    ],
)
def test_finite_runs_are_silent(watch: Watch, channels: tuple[object, ...]) -> None:
    assert watch("non-finite-value", *channels) == []
