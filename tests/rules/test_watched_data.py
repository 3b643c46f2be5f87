"""The runtime halves about data, over records made by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from dnnlint.evidence.trace import BatchStats, Inputs, Losses, Prediction, Predictions, Spread
from dnnlint.rule import Finding, Severity
from tests.rules.traces import BROKEN, NAN, UNIT, back, batch, layer, loader, loss_call, prediction, row, site

Watch = Callable[..., list[Finding]]
PIXELS = Spread(127.0, 74.0, 0.0, 255.0)


def fed(*batches: BatchStats, **more: Any) -> Inputs:
    return Inputs(batches, (loader(**more),))


def labelled(labels: list[int], size: int = 40, **more: Any) -> Predictions:
    """Batches of a classifier whose samples have these labels."""
    parts = [tuple(labels[start : start + size]) for start in range(0, len(labels), size)]
    calls = [loss_call(step=step, target_shape=(size,))._replace(**more) for step in range(len(parts))]
    return Predictions(tuple(prediction(call, labels=part) for call, part in zip(calls, parts, strict=True)))


SORTED = [0] * 100 + [1] * 100
MIXED = [0, 1, 1, 0, 1, 0, 0, 1] * 25


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(SORTED, id="two classes"),
        pytest.param([label for label in range(10) for _ in range(20)], id="ten classes"),
        pytest.param([3] * 200, id="one class and no end of it"),
        pytest.param([0] * 20 + [1] * 20 + [2] * 40, id="two batches"),
    ],
)
def test_labels_in_runs_are_unshuffled(watch: Watch, labels: list[int]) -> None:
    (finding,) = watch("unshuffled-training-data", fed(batch()), labelled(labels))

    assert (row(finding.place), finding.severity) == (5, Severity.WARNING)


@pytest.mark.parametrize(
    "channels",
    [
        pytest.param((fed(batch()), labelled(MIXED)), id="random order"),
        pytest.param((fed(batch()), labelled([0, 1] * 100)), id="alternating"),
        pytest.param((fed(batch(), shuffles=True), labelled(SORTED)), id="shuffled"),
        pytest.param((fed(batch(), shuffles=None), labelled(SORTED)), id="a sampler that groups classes"),
        pytest.param((fed(batch(), iterable=True), labelled(SORTED)), id="a stream"),
        pytest.param((fed(batch(), samples=40), labelled([0] * 20 + [1] * 20)), id="the data set is one batch"),
        pytest.param((fed(batch(), trains=False), labelled(SORTED)), id="only evaluated"),
        pytest.param((fed(batch()), labelled(SORTED[90:110], size=10)), id="too few labels"),
        pytest.param((fed(batch()), labelled(SORTED, trains=False)), id="labels of an evaluation"),
        pytest.param((fed(batch()), labelled(SORTED, target_shape=(40, 8, 8))), id="pixels"),
        pytest.param((fed(batch()), labelled(SORTED, target_shape=(640,))), id="tokens"),
        pytest.param((Inputs((batch(),), (loader(0), loader(1))), labelled(SORTED)), id="two loaders"),
        pytest.param((fed(batch()), Predictions(())), id="regression"),
        pytest.param((), id="nothing"),
    ],
)
def test_other_orders_are_silent(watch: Watch, channels: tuple[object, ...]) -> None:
    assert watch("unshuffled-training-data", *channels) == []


@pytest.mark.parametrize(
    "told, severity",
    [
        pytest.param(batch(spread=PIXELS, integral=True, shape=(40, 3, 8, 8)), Severity.WARNING, id="pixels"),
        pytest.param(
            batch(spread=Spread(20.0, 30.0, 0.0, 255.0), integral=True, shape=(40, 8, 8)),
            Severity.WARNING,
            id="dark pixels",
        ),
        pytest.param(batch(spread=Spread(1e4, 3e4, 0.0, 1e5)), Severity.WARNING, id="incomes"),
        pytest.param(batch(spread=Spread(150.0, 20.0, 90.0, 210.0)), Severity.WARNING, id="blood values"),
        pytest.param(batch(spread=Spread(-40.0, 15.0, -80.0, 0.0)), Severity.ADVICE, id="decibels"),
        pytest.param(batch(spread=Spread(0.0, 25.0, -70.0, 70.0)), Severity.ADVICE, id="wide"),
        pytest.param(batch(spread=Spread(0.5, 6.0, 0.0, 101.0)), Severity.ADVICE, id="one large value"),
        pytest.param(batch(spread=Spread(0.0, 0.01, -0.04, 0.04)), Severity.ADVICE, id="tiny"),
        pytest.param(batch(spread=UNIT, taken=PIXELS), Severity.WARNING, id="scaled up inside"),
    ],
)
def test_raw_inputs_are_unnormalised(watch: Watch, told: BatchStats, severity: Severity) -> None:
    (finding,) = watch("unnormalized-input", fed(told))

    assert (row(finding.place), finding.severity) == (5, severity)


def test_inputs_without_a_loader_are_reported_where_the_network_is_called(watch: Watch) -> None:
    (finding,) = watch("unnormalized-input", fed(batch(spread=PIXELS, loader=None)))

    assert row(finding.place) == 40


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(batch(), id="normalised"),
        pytest.param(batch(spread=Spread(-0.1, 1.3, -2.12, 2.64)), id="images as ImageNet has them"),
        pytest.param(batch(spread=Spread(0.5, 0.3, 0.0, 1.0)), id="from 0 to 1"),
        pytest.param(batch(spread=PIXELS, dtype="int64"), id="tokens"),
        pytest.param(batch(spread=PIXELS, first=layer(kind="BatchNorm1d", op="batchnorm")), id="normalised first"),
        pytest.param(batch(spread=PIXELS, first=layer(kind="Embedding", op="embedding")), id="embedded first"),
        pytest.param(batch(spread=PIXELS, taken=UNIT), id="scaled inside"),
        pytest.param(batch(spread=PIXELS, trains=False), id="only evaluated"),
        pytest.param(batch(spread=Spread(0.0, 0.0, 0.0, 0.0)), id="zeros"),
        pytest.param(batch(spread=BROKEN), id="not finite"),
        pytest.param(batch(spread=Spread(2.0, 12.0, 0.0, 99.0), integral=True), id="counts"),
    ],
)
def test_other_inputs_are_silent(watch: Watch, told: BatchStats) -> None:
    assert watch("unnormalized-input", fed(told)) == []


def test_one_batch_in_range_is_enough_for_silence(watch: Watch) -> None:
    assert watch("unnormalized-input", fed(batch(spread=PIXELS), batch(1))) == []


def lost(*calls: float | None, step: int = 0) -> Losses:
    return Losses(tuple(loss_call(step=step, value=value) for value in calls), ())


@pytest.mark.parametrize(
    "told",
    [pytest.param(batch(spread=BROKEN), id="in the sample"), pytest.param(batch(finite=False), id="beside the sample")],
)
@pytest.mark.parametrize(
    "losses", [pytest.param(lost(NAN), id="loss"), pytest.param(Losses((), (back(value=NAN),)), id="handmade loss")]
)
def test_broken_samples_that_reach_the_loss(watch: Watch, told: BatchStats, losses: Losses) -> None:
    (finding,) = watch("corrupt-sample", fed(batch(3), told), losses)

    assert (row(finding.place), finding.severity) == (5, Severity.ERROR)


def test_broken_samples_without_a_loader(watch: Watch) -> None:
    (finding,) = watch("corrupt-sample", Inputs((batch(loader=None, finite=False),), ()), lost(NAN))

    assert row(finding.place) == 40


@pytest.mark.parametrize(
    "inputs, losses",
    [
        pytest.param(fed(batch(finite=False)), lost(1.0), id="masked by the network"),
        pytest.param(fed(batch(finite=False)), lost(NAN, step=3), id="another step"),
        pytest.param(fed(batch(finite=False)), lost(None), id="loss not known"),
        pytest.param(fed(batch(finite=False, trains=False)), lost(NAN), id="only evaluated"),
        pytest.param(fed(batch()), lost(NAN), id="the loss alone"),
    ],
)
def test_samples_that_do_no_harm_are_silent(watch: Watch, inputs: Inputs, losses: Losses) -> None:
    assert watch("corrupt-sample", inputs, losses) == []


def test_an_empty_batch_is_a_warning(watch: Watch) -> None:
    (finding,) = watch("corrupt-sample", fed(batch(shape=(0, 8))))

    assert finding.severity == Severity.WARNING


BINARY = loss_call("BCEWithLogitsLoss")


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(prediction(loss_call(), labels=(0, 9, 10)), id="one class too many"),
        pytest.param(prediction(loss_call(ignored=-100), labels=(0, -1)), id="minus one"),
        pytest.param(prediction(BINARY, target=Spread(1.5, 0.5, 1.0, 2.0)), id="coded 1 and 2"),
        pytest.param(prediction(BINARY, target=Spread(0.0, 1.0, -1.0, 1.0)), id="coded -1 and 1"),
        pytest.param(prediction(BINARY, target=Spread(0.0, 100.0, 0.0, 255.0)), id="a mask of 255"),
        pytest.param(prediction(loss_call("MSELoss", value=NAN), target=BROKEN), id="missing targets"),
    ],
)
def test_labels_that_do_not_exist(watch: Watch, told: Prediction) -> None:
    (finding,) = watch("corrupt-sample", Predictions((told,)))

    assert (row(finding.place), finding.severity) == (50, Severity.ERROR)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(prediction(loss_call(), labels=(0, 9)), id="within the classes"),
        pytest.param(prediction(loss_call(ignored=255), labels=(0, 255)), id="ignored"),
        pytest.param(prediction(loss_call(classes=None), labels=(0, 255)), id="classes not known"),
        pytest.param(prediction(BINARY, target=Spread(0.5, 0.4, 0.0, 1.0)), id="binary"),
        pytest.param(prediction(BINARY, target=Spread(0.9, 0.1, 0.7, 1.2)), id="noisy labels of a discriminator"),
        pytest.param(prediction(loss_call("MSELoss", value=1.0), target=BROKEN), id="masked targets"),
        pytest.param(prediction(loss_call("MSELoss"), target=Spread(0.0, 9.0, -30.0, 30.0)), id="regression"),
    ],
)
def test_labels_that_exist_are_silent(watch: Watch, told: Prediction) -> None:
    assert watch("corrupt-sample", Predictions((told,))) == []


def first_of_each_pass(steps: int, **more: Any) -> list[BatchStats]:
    return [batch(step, iteration=step, position=0, signature=(1.0, 2.0))._replace(**more) for step in range(steps)]


def test_a_pass_that_ends_after_its_first_batch(watch: Watch) -> None:
    (finding,) = watch("repeated-batch", fed(*first_of_each_pass(3)))

    assert (row(finding.place), finding.severity) == (5, Severity.ERROR)


def twins(*signatures: float, **more: Any) -> list[BatchStats]:
    return [batch(step, signature=(value,))._replace(**more) for step, value in enumerate(signatures)]


@pytest.mark.parametrize("signatures", [(1, 1, 2, 2), (1, 1, 1, 1), (1, 2, 1, 2)])
def test_equal_batches_within_a_pass(watch: Watch, signatures: tuple[float, ...]) -> None:
    (finding,) = watch("repeated-batch", fed(*twins(*signatures), iterable=True, samples=None, workers=2))

    assert (finding.severity, finding.evidence["measured"]) == (Severity.ERROR, 4)


def test_small_tables_repeat_by_nature(watch: Watch) -> None:
    (finding,) = watch("repeated-batch", fed(*twins(1, 1, 1, integral=True)))

    assert finding.severity == Severity.WARNING


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param(fed(*first_of_each_pass(2)), id="two passes"),
        pytest.param(fed(*first_of_each_pass(5), samples=40), id="the data set is one batch"),
        pytest.param(fed(*first_of_each_pass(5), samples=None), id="a stream of unknown length"),
        pytest.param(fed(*first_of_each_pass(5, loader=None)), id="no loader"),
        pytest.param(fed(*first_of_each_pass(5, trains=False)), id="only evaluated"),
        pytest.param(fed(*(batch(step, iteration=step, position=0) for step in range(5))), id="shuffled passes"),
        pytest.param(
            fed(*(batch(step, iteration=0, position=0, signature=(1.0,)) for step in range(5))),
            id="one batch on purpose",
        ),
        pytest.param(fed(*first_of_each_pass(5, iteration=None, position=None)), id="place not known"),
        pytest.param(fed(*twins(1, 2, 3, 4, 5)), id="all different"),
        pytest.param(fed(*twins(1, 1, 2, 3, 4)), id="one pair"),
        pytest.param(fed(*twins(1, 1, 2, 2), batch_size=1), id="single samples"),
        pytest.param(
            fed(*(batch(step, iteration=step // 2, position=step % 2, signature=(step % 2,)) for step in range(5))),
            id="next epochs",
        ),
        pytest.param(fed(), id="nothing"),
    ],
)
def test_repetition_that_was_asked_for_is_silent(watch: Watch, inputs: Inputs) -> None:
    assert watch("repeated-batch", inputs) == []


def test_generated_samples_between_fetched_ones_do_not_hide_the_repetition(watch: Watch) -> None:
    fakes = [batch(step, called=site(44), iteration=step, position=0) for step in range(4)]
    pairs = zip(first_of_each_pass(4), fakes, strict=True)

    assert len(watch("repeated-batch", fed(*(told for pair in pairs for told in pair)))) == 1
