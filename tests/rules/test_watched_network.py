"""The runtime halves about layers and initial weights, over records made by hand."""

from collections.abc import Callable
from math import log
from typing import Any

import pytest

from dnnlint.evidence.trace import (
    Activations,
    Layer,
    LayerActivations,
    Losses,
    Predictions,
    Spread,
    Weights,
    WeightStats,
)
from dnnlint.rule import Finding, Severity
from tests.rules.traces import (
    BROKEN,
    INF,
    NAN,
    UNIT,
    activation_step,
    activations,
    constant,
    layer,
    loss_call,
    parameter,
    prediction,
    row,
    run,
    site,
    weights,
)

Watch = Callable[..., list[Finding]]


def regression(op: str = "relu", low: float = -2.0, **more: Any) -> Predictions:
    call = loss_call("MSELoss", input_op=op, made=site(30))._replace(**more)
    given = Spread(0.5, 0.5, 0.0, 2.0)
    return Predictions((prediction(call, input=given, target=Spread(0.0, 1.0, low, 2.0)),) * 2)


@pytest.mark.parametrize("op", ["relu", "relu6"])
def test_negative_targets_out_of_reach_of_a_rectifier(watch: Watch, op: str) -> None:
    (finding,) = watch("relu-on-regression-output", regression(op))

    assert (row(finding.place), finding.severity) == (30, Severity.ERROR)


def test_the_loss_is_named_where_the_rectifier_has_no_line(watch: Watch) -> None:
    (finding,) = watch("relu-on-regression-output", regression(made=None))

    assert row(finding.place) == 50


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(regression(low=0.0), id="targets cannot be negative"),
        pytest.param(regression(low=-0.01), id="noise around zero"),
        pytest.param(regression(low=NAN), id="targets are not finite"),
        pytest.param(regression("softplus"), id="softplus"),
        pytest.param(regression("linear"), id="no rectifier"),
        pytest.param(regression(trains=False), id="only evaluated"),
        pytest.param(regression(kind="PoissonNLLLoss"), id="counts"),
    ],
)
def test_outputs_that_fit_their_targets_are_silent(watch: Watch, told: Predictions) -> None:
    assert watch("relu-on-regression-output", told) == []


LINEAR = layer("2", order=2)


def rectified(dead: float | None, *steps: float | None, fed_by: Layer | None = LINEAR, **more: Any) -> LayerActivations:
    """A rectifier, the share of its units that were never awake, and the share that slept at each step."""
    told = [activation_step(step, dead=share) for step, share in enumerate(steps or (dead,) * 5)]
    relu = layer(f"r{more.get('order', 3)}", "ReLU", order=more.pop("order", 3))
    return activations(relu, *told, dead=dead, first_dead=dead, fed_by=fed_by)._replace(**more)


@pytest.mark.parametrize(
    "told, severity",
    [
        pytest.param(rectified(1.0), Severity.ERROR, id="all"),
        pytest.param(rectified(0.97), Severity.ERROR, id="nearly all"),
        pytest.param(rectified(0.72), Severity.WARNING, id="most of 64"),
        pytest.param(rectified(0.9, units=16), Severity.WARNING, id="most of 16"),
        pytest.param(rectified(1.0, units=8), Severity.ERROR, id="all of 8"),
        pytest.param(rectified(1.0, distinct=1), Severity.ERROR, id="all, on one batch of 32"),
        pytest.param(rectified(0.2, 0.2, 0.3, 0.6, 0.7, 0.8), Severity.WARNING, id="died while watched"),
        pytest.param(rectified(0.2, 0.2, 0.3, 0.6, 0.7, 1.0), Severity.ERROR, id="all died while watched"),
    ],
)
def test_dead_units(watch: Watch, told: LayerActivations, severity: Severity) -> None:
    (finding,) = watch("dead-units", Activations((told,)))

    assert (row(finding.place), finding.severity) == (12, severity)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(rectified(0.46), id="a deep layer of the default initialisation"),
        pytest.param(rectified(0.65), id="within chance for 64"),
        pytest.param(rectified(0.8, units=16), id="within chance for 16"),
        pytest.param(rectified(0.9, units=8), id="within chance for 8"),
        pytest.param(rectified(1.0, units=4), id="a squeeze layer of 4"),
        pytest.param(rectified(0.8, distinct=1), id="on one batch of 32"),
        pytest.param(rectified(1.0, rows=20), id="20 samples"),
        pytest.param(rectified(None), id="not measured"),
        pytest.param(rectified(NAN), id="not a number"),
        pytest.param(rectified(0.2, 0.5, 0.5, 0.5, 0.5, 0.79), id="grew by less than 30 points"),
        pytest.param(rectified(0.1, 0.1, 0.1, 0.1, 0.1, 0.6), id="grew to what chance allows"),
        pytest.param(rectified(1.0, op="leaky_relu"), id="a leaky rectifier"),
        pytest.param(rectified(1.0, steps=()), id="no step"),
        pytest.param(rectified(1.0, steps=(activation_step(0, BROKEN),)), id="not finite"),
    ],
)
def test_enough_awake_units_are_silent(watch: Watch, told: LayerActivations) -> None:
    assert watch("dead-units", Activations((told,))) == []


def test_one_finding_names_the_worst_layer_and_counts_the_others(watch: Watch) -> None:
    told = (rectified(0.8, fed_by=layer(order=1)), rectified(1.0), rectified(0.75, fed_by=None, order=7))
    (finding,) = watch("dead-units", Activations(told))

    assert (row(finding.place), finding.blanks["others"]) == (12, ", and 2 more layers are like it")
    assert len(finding.related) == 2


def test_layers_that_start_at_zero_are_left_to_another_rule(watch: Watch) -> None:
    zero = constant(0.0, parameter(LINEAR))

    assert watch("dead-units", Activations((rectified(1.0),)), Weights((zero,))) == []


def squashed(share: float, op: str = "tanh", **more: Any) -> LayerActivations:
    told = (activation_step(step, saturated=share) for step in range(3))
    return activations(layer("3", "Tanh", order=3), *told, op=op, fed_by=LINEAR)._replace(**more)


OUT = activations(layer("4", order=4))


@pytest.mark.parametrize("op", ["tanh", "sigmoid"])
def test_saturated_units(watch: Watch, op: str) -> None:
    (finding,) = watch("saturated-units", Activations((squashed(0.51, op), squashed(0.9, op), OUT)))

    assert (row(finding.place), finding.severity) == (12, Severity.WARNING)
    assert finding.blanks["others"] == ", and 1 more layer is like it"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((squashed(0.49), OUT), id="half"),
        pytest.param((squashed(0.9, gate=True), OUT), id="a gate"),
        pytest.param((squashed(0.9, last=True), OUT), id="before the loss"),
        pytest.param((squashed(0.9),), id="the last of a generator"),
        pytest.param((squashed(0.9, rows=31), OUT), id="few rows"),
        pytest.param((squashed(0.9, units=7), OUT), id="few units"),
        pytest.param((squashed(0.9, op="hardtanh"), OUT), id="another activation"),
        pytest.param(
            (squashed(0.9, steps=(activation_step(0, saturated=0.9), activation_step(1))), OUT), id="for a step"
        ),
        pytest.param((squashed(0.9, steps=(activation_step(0, BROKEN, saturated=0.9),)), OUT), id="not finite"),
        pytest.param((squashed(0.9, steps=()), OUT), id="no step"),
    ],
)
def test_units_with_a_slope_are_silent(watch: Watch, told: tuple[LayerActivations, ...]) -> None:
    assert watch("saturated-units", Activations(told)) == []


def wide(std: float, of: Layer = LINEAR, **more: Any) -> WeightStats:
    told = weights(parameter(of), spread=Spread(0.0, std, -3 * std, 3 * std), followed_by="tanh")
    return told._replace(**more)


def test_saturation_by_wide_weights_is_another_rule(watch: Watch) -> None:
    told = Activations((squashed(0.9), OUT))

    assert watch("saturated-units", told, Weights((wide(1.0),))) == []
    assert len(watch("saturated-units", told, Weights((wide(0.1),)))) == 1


@pytest.mark.parametrize("std, severity", [(0.5, Severity.WARNING), (1.3, Severity.ERROR)])
def test_wide_weights_that_saturate(watch: Watch, std: float, severity: Severity) -> None:
    told = Activations((squashed(0.8), OUT))
    (finding,) = watch("large-init-with-saturating-activation", Weights((wide(std, drawn=site(33)),)), told)

    assert (row(finding.place), finding.severity) == (33, severity)


def test_weights_of_the_default_are_led_to_the_layer(watch: Watch) -> None:
    (finding,) = watch(
        "large-init-with-saturating-activation", Weights((wide(1.0),)), Activations((squashed(0.8), OUT))
    )

    assert row(finding.place) == 12


@pytest.mark.parametrize(
    "told, heard, resumed",
    [
        pytest.param(wide(0.37), squashed(0.8), False, id="three standard deviations"),
        pytest.param(wide(1.0), squashed(0.3), False, id="small inputs"),
        pytest.param(wide(1.0), squashed(0.8, gate=True), False, id="a gate"),
        pytest.param(wide(1.0), squashed(0.8, last=True), False, id="before the loss"),
        pytest.param(wide(1.0), squashed(0.8, fed_by=layer("9")), False, id="another layer"),
        pytest.param(wide(1.0), squashed(0.8), True, id="weights were loaded"),
        pytest.param(wide(1.0, spread=BROKEN), squashed(0.8), False, id="not finite"),
        pytest.param(wide(1.0, of=LINEAR._replace(fan_in=None)), squashed(0.8), False, id="fan-in not known"),
        pytest.param(wide(1.0, parameter=parameter(LINEAR, shape=(64,))), squashed(0.8), False, id="a bias"),
    ],
)
def test_weights_that_fit_are_silent(watch: Watch, told: WeightStats, heard: LayerActivations, resumed: bool) -> None:
    channels = Weights((told,)), Activations((heard, OUT)), run(resumed=resumed)

    assert watch("large-init-with-saturating-activation", *channels) == []


HIDDEN = parameter(layer("0", order=0))
BIAS = parameter(layer("0", order=0), "0.bias", shape=(64,))
NEXT = parameter(layer("2", order=2), "2.weight")


@pytest.mark.parametrize(
    "told, severity",
    [
        pytest.param((constant(0.1, HIDDEN), constant(0.1, NEXT)), Severity.ERROR, id="both constant"),
        pytest.param((constant(0.0, HIDDEN), constant(0.0, NEXT)), Severity.ERROR, id="all zero"),
        pytest.param(
            (constant(0.0, HIDDEN), constant(0.0, BIAS), weights(NEXT)), Severity.ERROR, id="zero before a rectifier"
        ),
        pytest.param((constant(0.5, HIDDEN), weights(NEXT)), Severity.WARNING, id="one constant layer"),
        pytest.param((weights(HIDDEN, identical_rows=True), weights(NEXT)), Severity.WARNING, id="one row copied"),
    ],
)
def test_symmetric_init(watch: Watch, told: tuple[WeightStats, ...], severity: Severity) -> None:
    (finding,) = watch("symmetric-init", Weights(told))

    assert (row(finding.place), finding.severity) == (10, severity)


def test_several_symmetric_layers_are_one_finding(watch: Watch) -> None:
    last = parameter(layer("4", order=4), "4.weight")
    (finding,) = watch("symmetric-init", Weights((constant(1.0, HIDDEN), constant(1.0, NEXT), weights(last))))

    assert (row(finding.place), finding.severity) == (10, Severity.ERROR)
    assert finding.blanks["others"] == ", and so do those of 1 more layer"


CONV = layer("1", "Conv2d", order=1)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((weights(HIDDEN), weights(NEXT)), id="random"),
        pytest.param((weights(HIDDEN), constant(0.0, NEXT)), id="a head of zeros"),
        pytest.param((weights(HIDDEN), constant(0.3, NEXT)), id="a constant last layer"),
        pytest.param((constant(0.0, HIDDEN, followed_by="add"), weights(NEXT)), id="the end of a residual branch"),
        pytest.param((constant(0.0, HIDDEN, followed_by="view"), constant(0.0, NEXT)), id="modulation"),
        pytest.param((constant(0.0, HIDDEN, followed_by="tanh"), weights(NEXT)), id="zeros that a random layer breaks"),
        pytest.param((constant(0.0, HIDDEN), constant(0.5, BIAS), weights(NEXT)), id="biases of their own"),
        pytest.param((constant(1.0, HIDDEN._replace(trainable=False)), weights(NEXT)), id="a fixed filter"),
        pytest.param((constant(1.0, HIDDEN._replace(shape=(64,))), weights(NEXT)), id="a gain"),
        pytest.param((constant(1.0, HIDDEN._replace(shape=(1, 64))), weights(NEXT)), id="a single unit"),
        pytest.param((constant(0.0, HIDDEN._replace(layer=layer(kind="Embedding"))), weights(NEXT)), id="a table"),
        pytest.param(
            (constant(1.0, HIDDEN._replace(layer=layer(kind="Scale", op="unknown"))), weights(NEXT)), id="own layer"
        ),
        pytest.param(
            (weights(HIDDEN), constant(0.1, parameter(CONV, shape=(8, 1, 3, 3))), weights(NEXT)),
            id="depthwise convolution",
        ),
        pytest.param(
            (constant(1.0, HIDDEN), weights(NEXT._replace(layer=NEXT.layer._replace(network="Other")))),
            id="two networks",
        ),
        pytest.param((), id="nothing"),
    ],
)
def test_broken_symmetry_is_silent(watch: Watch, told: tuple[WeightStats, ...]) -> None:
    assert watch("symmetric-init", Weights(told)) == []


BINARY = Spread(0.5, 0.5, 0.0, 1.0)


def first_loss(
    value: float | None, classes: int | None = 10, labels: tuple[int, ...] = (), **more: Any
) -> tuple[object, ...]:
    call = loss_call(value=value, classes=classes)._replace(**more)
    later = prediction(call._replace(number=9, step=1, value=999.0))
    return Losses((call,), ()), Predictions(
        (prediction(call._replace(value=None), labels=labels, target=BINARY), later)
    )


EVEN = tuple(range(10)) * 4


@pytest.mark.parametrize(
    "channels, severity",
    [
        pytest.param(first_loss(4.4), Severity.WARNING, id="two nats above ln 10"),
        pytest.param(first_loss(12.0), Severity.ERROR, id="five times ln 10"),
        pytest.param(first_loss(2.8, 2), Severity.WARNING, id="two classes"),
        pytest.param(first_loss(112.0, 1000), Severity.ERROR, id="a tied embedding of spread one"),
        pytest.param(first_loss(0.5, labels=EVEN), Severity.WARNING, id="knows its labels"),
        pytest.param(first_loss(3.5, kind="BCEWithLogitsLoss", classes=None), Severity.WARNING, id="binary"),
    ],
)
def test_wrong_initial_loss(watch: Watch, channels: tuple[object, ...], severity: Severity) -> None:
    binary = prediction(loss_call(), target=Spread(0.5, 0.5, 0.0, 1.0)).target
    losses, told = channels
    assert isinstance(told, Predictions)
    (finding,) = watch(
        "wrong-initial-loss", losses, Predictions(tuple(one._replace(target=binary) for one in told.calls))
    )

    assert (row(finding.place), finding.severity) == (50, severity)


@pytest.mark.parametrize(
    "channels",
    [
        pytest.param(first_loss(log(10)), id="ln 10"),
        pytest.param(first_loss(3.69), id="He initialisation"),
        pytest.param(first_loss(2.5, 2), id="two classes"),
        pytest.param(first_loss(8.9, 1000), id="a language model"),
        pytest.param(first_loss(0.08, labels=(0,) * 39 + (1,)), id="rare positives and a bias that knows it"),
        pytest.param(first_loss(0.5, labels=EVEN[:10]), id="few labels"),
        pytest.param(first_loss(9.0, plain=False), id="class weights"),
        pytest.param(first_loss(9.0, trains=False), id="only evaluated"),
        pytest.param(first_loss(9.0, step=1), id="not the first step"),
        pytest.param(first_loss(NAN), id="not a number"),
        pytest.param(first_loss(INF), id="infinite"),
        pytest.param(first_loss(None), id="not measured"),
        pytest.param(first_loss(0.01, 64, labels=tuple(range(64))), id="contrastive, views alike"),
        pytest.param(first_loss(40.0, 64, labels=tuple(range(64))), id="contrastive, sharp"),
        pytest.param(first_loss(0.02, 4097, labels=(0,) * 64), id="contrastive with a queue"),
        pytest.param(first_loss(9.0, kind="MSELoss", classes=None), id="regression"),
        pytest.param(first_loss(-3.0, kind="NLLLoss"), id="no log-probabilities"),
        pytest.param((*first_loss(40.0), run(resumed=True)), id="weights were loaded"),
        pytest.param((), id="nothing"),
    ],
)
def test_losses_of_guessing_are_silent(watch: Watch, channels: tuple[object, ...]) -> None:
    assert watch("wrong-initial-loss", *channels) == []


def deep(*stds: float, norm: bool = False, **more: Any) -> Activations:
    """Layers whose outputs have these standard deviations, and the one before the loss."""
    told = [
        activations(layer(str(order), order=order), activation_step(0, Spread(0.0, std, -std, std)))._replace(**more)
        for order, std in enumerate(stds)
    ]
    told.append(activations(layer("out", order=99), activation_step(0, UNIT), last=True))
    return Activations((*told, *([activations(layer("n", "LayerNorm", op="layernorm"))] if norm else [])))


@pytest.mark.parametrize(
    "told, line, severity",
    [
        pytest.param(deep(1, 1e-1, 1e-2, 9e-4), 13, Severity.WARNING, id="shrinks"),
        pytest.param(deep(1, 1e-2, 1e-4, 1e-5, 1e-7), 12, Severity.ERROR, id="shrinks to nothing"),
        pytest.param(deep(16, 200, 3e3, 3e4, 3e5, 3e6), 13, Severity.WARNING, id="grows"),
        pytest.param(deep(1, 1e4, 1e3, 1e5, 1e7, 1e9), 11, Severity.ERROR, id="grows without bound"),
    ],
)
def test_activation_scale_drift(watch: Watch, told: Activations, line: int, severity: Severity) -> None:
    (finding,) = watch("activation-scale-drift", told)

    assert (row(finding.place), finding.severity) == (line, severity)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(deep(0.34, 0.2, 0.12, 0.07, 0.04, 0.022), id="default initialisation"),
        pytest.param(deep(1, 1.4, 2, 2.8, 4, 5.6), id="residual growth"),
        pytest.param(deep(1, 1e-2, 1e-4), id="three layers"),
        pytest.param(deep(1, 1e-4, 1, 1e-4), id="up and down"),
        pytest.param(deep(1, 0.9, 0.8, 0.7, 0.0), id="a branch of zeros"),
        pytest.param(deep(1, 1e-2, 1e-4, 1e-6, norm=True), id="normalised"),
        pytest.param(deep(1, 1e-2, 1e-4, 1e-6, op="embedding"), id="no dense layers"),
        pytest.param(deep(1, NAN, INF, 1e-6), id="not finite"),
        pytest.param(deep(1, 1e-2, 1e-4, 1e-6, steps=()), id="no step"),
        pytest.param(deep(), id="nothing"),
    ],
)
def test_steady_activations_are_silent(watch: Watch, told: Activations) -> None:
    assert watch("activation-scale-drift", told) == []
