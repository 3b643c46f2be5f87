"""The runtime halves about optimisers, gradients and updates, over records made by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from dnnlint.evidence.trace import (
    Cycle,
    Events,
    Gradients,
    ParameterGradients,
    ParameterInfo,
    Parameters,
    ParameterUpdates,
    Run,
    Updates,
)
from dnnlint.rule import Finding, Severity
from tests.rules.traces import (
    INF,
    NAN,
    cycle,
    gradients,
    layer,
    optimizer,
    parameter,
    row,
    run,
    site,
    updates,
)

Watch = Callable[..., list[Finding]]


def cycles(*told: Cycle) -> Events:
    return Events((), told)


def numbered(count: int, **more: bool) -> list[Cycle]:
    return [cycle(step)._replace(**more) for step in range(1, count + 1)]  # type: ignore[arg-type]


def test_steps_on_old_gradients(watch: Watch) -> None:
    (finding,) = watch("missing-zero-grad", cycles(cycle(0), *numbered(4, stale=True)), run())

    assert (row(finding.place), finding.severity) == (60, Severity.ERROR)
    assert (finding.blanks["count"], finding.blanks["seen"]) == (4, 4)


def test_each_optimizer_is_judged_by_itself(watch: Watch) -> None:
    own = [told._replace(optimizer=1) for told in numbered(4, stale=True)]
    (finding,) = watch("missing-zero-grad", cycles(*numbered(4), *own), run(optimizer(), optimizer(1, "Adam")))

    assert finding.blanks["optimizer"] == "Adam"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(numbered(4), id="cleared"),
        pytest.param(numbered(1, stale=True), id="once"),
        pytest.param([*numbered(2, stale=True), *numbered(3)], id="in fewer than half of the steps"),
        pytest.param([told._replace(backwards=4) for told in numbered(4)], id="accumulation"),
        pytest.param([told._replace(backwards=0) for told in numbered(4, stale=True)], id="no backward pass"),
        pytest.param(numbered(4, stale=True, overflow=True), id="skipped by the scaler"),
        pytest.param([cycle(0, stale=True)] * 3, id="no step before"),
        pytest.param([], id="nothing"),
    ],
)
def test_cleared_gradients_are_silent(watch: Watch, told: list[Cycle]) -> None:
    assert watch("missing-zero-grad", cycles(*told), run()) == []


def wiped(count: int, **more: int) -> list[Cycle]:
    return [cycle(step, wiped=site(62), **more) for step in range(count)]


@pytest.mark.parametrize("told", [wiped(1), wiped(5), [*wiped(3), *numbered(3)]])
def test_gradients_cleared_before_the_step(watch: Watch, told: list[Cycle]) -> None:
    (finding,) = watch("wiped-gradients", cycles(*told), run())

    assert (row(finding.place), finding.severity) == (62, Severity.ERROR)
    assert [row(place) for place, _ in finding.related] == [60, 61]


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(numbered(5), id="kept"),
        pytest.param([*wiped(1), *numbered(4)], id="once, after a bad batch"),
        pytest.param(wiped(5, backwards=0), id="no backward pass"),
        pytest.param([], id="nothing"),
    ],
)
def test_gradients_that_reach_the_step_are_silent(watch: Watch, told: list[Cycle]) -> None:
    assert watch("wiped-gradients", cycles(*told), run()) == []


HELD = parameter(layer("0"), "0.weight")
FREE = parameter(layer("2", order=2), "2.weight", optimizers=())
OTHER = FREE._replace(layer=FREE.layer._replace(network="Critic"))


def owned(*told: ParameterInfo, foreign: int = 0, complete: bool = True) -> Parameters:
    return Parameters(told, ((0, foreign),) if foreign else (), complete)


@pytest.mark.parametrize(
    "told, of, severity",
    [
        pytest.param(owned(HELD, FREE), run(), Severity.ERROR, id="part of a network"),
        pytest.param(owned(HELD, FREE, foreign=1), run(), Severity.ERROR, id="a head that was replaced"),
        pytest.param(owned(HELD, FREE, foreign=2), run(resumed=True), Severity.ERROR, id="a head of a loaded network"),
        pytest.param(owned(FREE, foreign=1), run(), Severity.ERROR, id="the network was made anew"),
        pytest.param(owned(HELD, OTHER), run(), Severity.WARNING, id="a network of its own"),
        pytest.param(owned(HELD, FREE), run(resumed=True), Severity.ADVICE, id="a loaded backbone"),
    ],
)
def test_parameters_without_an_optimizer(watch: Watch, told: Parameters, of: Run, severity: Severity) -> None:
    (finding,) = watch("parameters-not-optimized", told, of)

    assert (row(finding.place), finding.severity) == (80, severity)


def test_the_optimizer_with_the_stale_copy_is_named(watch: Watch) -> None:
    told = Parameters((HELD, FREE), ((1, 1),), True)
    (finding,) = watch("parameters-not-optimized", told, run(optimizer(), optimizer(1)))

    assert row(finding.place) == 81


@pytest.mark.parametrize(
    "told, of",
    [
        pytest.param(owned(HELD), run(), id="all held"),
        pytest.param(owned(HELD, FREE._replace(trainable=False)), run(), id="frozen"),
        pytest.param(owned(HELD, FREE._replace(received=False)), run(), id="no gradient"),
        pytest.param(owned(FREE, FREE, FREE, foreign=1), run(), id="an input is optimised"),
        pytest.param(owned(HELD, FREE, complete=False), run(), id="not all was seen"),
        pytest.param(owned(HELD, FREE), run(steps=0), id="no step"),
        pytest.param(owned(HELD, FREE), run(optimizer()._replace(steps=0)), id="an optimiser that never steps"),
        pytest.param(owned(), run(), id="nothing"),
    ],
)
def test_held_and_frozen_parameters_are_silent(watch: Watch, told: Parameters, of: Run) -> None:
    assert watch("parameters-not-optimized", told, of) == []


FIRST, MIDDLE, LAST = (parameter(layer(str(order), order=order), f"{order}.weight") for order in range(3))


def flow(*norms: float, weight: float = 1.0, steps: int = 5) -> Gradients:
    told = zip((FIRST, MIDDLE, LAST), norms, strict=True)
    return Gradients(tuple(gradients(of, *(norm,) * steps, weight=weight) for of, norm in told), False)


def moved(*ratios: float) -> Updates:
    return Updates(tuple(updates(of, *(ratio,) * 5) for of, ratio in zip((FIRST, MIDDLE, LAST), ratios, strict=True)))


def test_gradients_lost_on_the_way(watch: Watch) -> None:
    (finding,) = watch("vanishing-gradient", flow(1e-9, 1e-6, 1e-1), moved(1e-10, 1e-7, 1e-2))

    assert (row(finding.place), finding.severity) == (10, Severity.WARNING)
    assert finding.blanks["others"] == "; 1 more are below the threshold"


def test_gradients_of_exactly_zero_are_lost_too(watch: Watch) -> None:
    assert len(watch("vanishing-gradient", flow(0.0, 1e-2, 1e-1), moved(0.0, 1e-3, 1e-2))) == 1


EMBEDDING = FIRST._replace(layer=FIRST.layer._replace(op="embedding"))


@pytest.mark.parametrize(
    "told, change",
    [
        pytest.param(flow(1e-2, 1e-2, 1e-1), moved(1e-3, 1e-3, 1e-2), id="healthy"),
        pytest.param(flow(1e-9, 1e-6, 1e-1), moved(1e-2, 1e-2, 1e-2), id="Adam moves them all the same"),
        pytest.param(flow(1e-9, 1e-6, 1e-1), moved(0.0, 0.0, 0.0), id="a rate of zero"),
        pytest.param(flow(1e-4, 1e-2, 1e-1), moved(1e-7, 1e-5, 1e-4), id="a thousandth"),
        pytest.param(flow(1e-9, 1e-6, 1e-1, steps=2), moved(1e-10, 1e-7, 1e-2), id="two steps"),
        pytest.param(flow(1e-9, 1e-6, 1e-1, weight=0.0), moved(1e-10, 1e-7, 1e-2), id="weights of zero"),
        pytest.param(flow(1e-1, 1e-9, 1e-1), moved(1e-2, 1e-10, 1e-2), id="a branch that starts at nothing"),
        pytest.param(flow(NAN, NAN, NAN), moved(NAN, NAN, NAN), id="not finite"),
        pytest.param(flow(1e-9, 1e-6, 1e-1), Updates(()), id="updates not measured"),
        pytest.param(
            Gradients((gradients(EMBEDDING, 1e-9, 1e-9, 1e-9), gradients(LAST)), False),
            Updates((updates(EMBEDDING, 1e-10, 1e-10, 1e-10), updates(LAST))),
            id="a table",
        ),
    ],
)
def test_gradients_that_arrive_are_silent(watch: Watch, told: Gradients, change: Updates) -> None:
    assert watch("vanishing-gradient", told, change) == []


@pytest.mark.parametrize("norm, severity", [(2e5, Severity.WARNING), (2e9, Severity.ERROR)])
def test_gradients_that_dwarf_the_weights(watch: Watch, norm: float, severity: Severity) -> None:
    (finding,) = watch("exploding-gradient", flow(1.0, norm, norm / 10), moved(1e-3, 1e-3, 1e-3), run())

    assert (row(finding.place), finding.severity) == (11, severity)


def growing(*norms: float) -> Gradients:
    return Gradients((gradients(FIRST, *norms),), False)


def test_gradients_that_grow_a_thousandfold(watch: Watch) -> None:
    (finding,) = watch("exploding-gradient", growing(0.1, 0.2, 5, 40, 300), moved(1e-2, 1e-2, 1e-2), run())

    assert (row(finding.place), finding.severity) == (80, Severity.WARNING)


@pytest.mark.parametrize(
    "told, change",
    [
        pytest.param(flow(1.0, 1.0, 1.0), moved(1e-3, 1e-3, 1e-3), id="healthy"),
        pytest.param(flow(3e4, 3e4, 3e4), moved(1e-3, 1e-3, 1e-3), id="a loss that is summed"),
        pytest.param(growing(0.1, 0.2, 5, 40, 300), moved(1.0, 1.0, 1.0), id="the rate is too large"),
        pytest.param(growing(0.1, 0.2, 5, 40, 300), Updates(()), id="updates not measured"),
        pytest.param(growing(0.1, 0.2, 5, 500), moved(1e-3, 1e-3, 1e-3)._replace(parameters=()), id="four steps"),
        pytest.param(growing(0.1, 300, 5, 40, 300), moved(1e-3, 1e-3, 1e-3), id="up and down"),
        pytest.param(growing(0.1, 0.2, 5, NAN), moved(1e-3, 1e-3, 1e-3), id="not a number"),
        pytest.param(growing(0.1, 0.2, 5, INF), moved(1e-3, 1e-3, 1e-3), id="infinite"),
        pytest.param(growing(0.0, 0.0, 5, 40), moved(1e-3, 1e-3, 1e-3), id="from nothing"),
        pytest.param(flow(1e6, 1e6, 1e6, weight=0.0), moved(1e-3, 1e-3, 1e-3), id="weights of zero"),
    ],
)
def test_gradients_in_bounds_are_silent(watch: Watch, told: Gradients, change: Updates) -> None:
    assert watch("exploding-gradient", told, change, run()) == []


ADAM = optimizer(kind="Adam", rates=(1e-3,) * 5)


def stepping(*ratios: float, **more: Any) -> Updates:
    return Updates((updates(FIRST, *ratios, **more), updates(LAST, *ratios, **more)))


@pytest.mark.parametrize(
    "told, of, severity",
    [
        pytest.param(stepping(0.35, 0.3, 0.3), run(ADAM), Severity.WARNING, id="a third"),
        pytest.param(stepping(1.6, 0.8, 0.5, 0.3, 0.2), run(ADAM), Severity.ERROR, id="weights that grow under it"),
        pytest.param(stepping(0.2, 0.9, 5.0, 30.0), run(), Severity.ERROR, id="diverges"),
        pytest.param(stepping(1e-5, 2e-5), run(ADAM), Severity.WARNING, id="Adam at 1e-6"),
        pytest.param(stepping(5e-7, 5e-7), run(), Severity.WARNING, id="plain descent at nothing"),
        pytest.param(stepping(5e-7, 5e-7), run(ADAM, resumed=True), Severity.WARNING, id="fine-tuning at nothing"),
    ],
)
def test_steps_of_the_wrong_size(watch: Watch, told: Updates, of: Run, severity: Severity) -> None:
    (finding,) = watch("update-ratio", told, of)

    assert (row(finding.place), finding.severity) == (80, severity)


TINY = parameter(layer(), shape=(4, 4))
HALF = FIRST._replace(dtype="bfloat16")


@pytest.mark.parametrize(
    "told, of",
    [
        pytest.param(stepping(2e-2, 1e-2, 1e-2), run(ADAM), id="Adam at 1e-3"),
        pytest.param(stepping(3e-3, 3e-3), run(), id="plain descent at 0.1"),
        pytest.param(stepping(0.29, 0.2, 0.2), run(ADAM), id="Adam at 1e-2"),
        pytest.param(stepping(0.9, 0.01, 0.01), run(), id="one large step"),
        pytest.param(stepping(4e-6, 4e-6), run(), id="plain descent at 1e-3"),
        pytest.param(stepping(1e-5, 1e-5), run(ADAM, resumed=True), id="fine-tuning"),
        pytest.param(stepping(1e-7, 2e-7), run(optimizer(rates=(1e-7, 2e-7))), id="a rate that rises"),
        pytest.param(stepping(1e-7, 1e-7), run(optimizer(rates=(1e-7, 1e-7), base_rate=0.1)), id="warm-up"),
        pytest.param(stepping(0.0, 0.0), run(), id="no change at all"),
        pytest.param(stepping(INF, 1.0, 0.5, 0.3), run(ADAM), id="weights that start at zero"),
        pytest.param(stepping(0.9), run(), id="one step"),
        pytest.param(stepping(0.9, 0.9, rate=0.0), run(), id="a rate of zero"),
        pytest.param(stepping(0.9, 0.9, skipped=True), run(), id="skipped by the scaler"),
        pytest.param(stepping(2.0, 2.0), run(optimizer(kind="LBFGS")), id="a line search"),
        pytest.param(stepping(NAN, NAN), run(), id="not a number"),
        pytest.param(Updates((updates(TINY, 0.9, 0.9),)), run(), id="a toy"),
        pytest.param(Updates((updates(HALF, 1e-5, 1e-5),)), run(ADAM), id="rounded away"),
        pytest.param(Updates((updates(FIRST), updates(LAST, 0.9, 0.9), updates(MIDDLE))), run(), id="a small head"),
        pytest.param(Updates(()), run(), id="nothing"),
    ],
)
def test_steps_of_the_right_size_are_silent(watch: Watch, told: Updates, of: Run) -> None:
    assert watch("update-ratio", told, of) == []


@pytest.mark.parametrize(
    "told, severity",
    [
        pytest.param(updates(FIRST, changed=0.0, ratio=0.0), Severity.ERROR, id="nothing moves"),
        pytest.param(updates(HALF, changed=0.0, rate=1e-7), Severity.ERROR, id="all rounded away"),
        pytest.param(updates(HALF, lost=0.7), Severity.WARNING, id="most rounded away"),
    ],
)
def test_parameters_that_do_not_move(watch: Watch, told: ParameterUpdates, severity: Severity) -> None:
    (finding,) = watch("unchanged-parameter", Updates((updates(LAST), told)), run())

    assert (row(finding.place), finding.severity) == (80, severity)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(updates(FIRST), id="moves"),
        pytest.param(updates(FIRST, changed=0.0, rate=0.0), id="a rate of zero"),
        pytest.param(updates(FIRST, changed=0.0, skipped=True), id="skipped by the scaler"),
        pytest.param(updates(FIRST, changed=0.0, norm=0.0), id="no gradient"),
        pytest.param(updates(FIRST, changed=0.0, norm=1e-6), id="a gradient too small to matter"),
        pytest.param(updates(FIRST, changed=0.0, norm=NAN), id="not a number"),
        pytest.param(updates(FIRST, 0.0, changed=0.0), id="one step"),
        pytest.param(updates(FIRST, lost=0.9), id="elements without a gradient in full precision"),
        pytest.param(updates(HALF, changed=0.1), id="elements without a gradient in half precision"),
        pytest.param(updates(HALF, lost=0.4), id="some rounded away"),
        pytest.param(updates(FIRST._replace(sparse=True), changed=0.0), id="a table"),
    ],
)
def test_parameters_that_move_or_need_not_are_silent(watch: Watch, told: ParameterUpdates) -> None:
    assert watch("unchanged-parameter", Updates((told,)), run()) == []


def test_gradients_of_other_optimizers_do_not_count(watch: Watch) -> None:
    stray: ParameterGradients = gradients(FIRST, 0.1, 0.2, 5, 40, 300, number=7)

    assert watch("exploding-gradient", Gradients((stray,), False), moved(1e-2, 1e-2, 1e-2), run()) == []
