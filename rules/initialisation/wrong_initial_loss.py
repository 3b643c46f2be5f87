"""DNN305: a first loss that is not that of guessing."""

from collections import Counter
from math import isfinite, log
from typing import NamedTuple

from dnnlint.evidence.trace import Losses, Prediction, Predictions, Run
from dnnlint.evidence.vocabulary import SIGMOID_LOSSES
from dnnlint.rule import Findings, Rule, Severity

HIGH, EXCESS = 1.5, 2.0  # He initialisation without normalisation reaches 1.6 times, 1.4 nats more
HOPELESS, FAR = 5.0, 5.0
LOW = 0.5
ENOUGH = 16  # labels to tell their entropy from


class _Start(NamedTuple):
    """The first loss of one place in the source, next to what an untrained network should have."""

    prediction: Prediction
    value: float
    expected: float
    low: float  # what cannot be reached without knowing the labels

    @property
    def ratio(self) -> float:
        return self.value / self.expected

    @property
    def wrong(self) -> bool:
        high = self.ratio > HIGH and self.value - self.expected > EXCESS
        return high or 0 <= self.value < LOW * self.low


class WrongInitialLoss(Rule):
    """The loss of the first step is far from that of a network that knows nothing yet.

    ## Why it hurts
    A classifier that has not learnt anything should give every class about the same probability: its cross-entropy
    over C classes is ln C, 2.30 for ten, and ln 2 = 0.69 for binary decisions. A far higher loss means that it starts
    out confidently wrong (weights or inputs of the wrong scale), and the first hundreds of steps are spent on
    unlearning that. A far lower one means that the labels leak into the input or that the loss is not what you take
    it for (A. Karpathy, *A Recipe for Training Neural Networks*, 2019).

    ## How it decides
    In the run: the first call of a cross-entropy, without class weights or label smoothing, that is trained on at the
    first step; its mean over what was counted. A warning from 1.5 times the expected loss and 2 nats above it on,
    because healthy initialisation reaches 1.6 times and 1.4 nats; an error from 5 times and 5 nats on. Too low is
    less than half the entropy of the batch's own labels, which not even a last bias set to the class frequencies
    explains: a warning. Runs that load weights are left alone, and so are contrastive losses, whose labels count 0,
    1, 2 ...

    ## What it misses
    Regression, losses written by hand, and networks that are a little off.

    ## How to silence
    Write `# dnnlint: ignore[wrong-initial-loss]` behind the call of the loss, with the reason.

    ## Related
    `softmax-before-cross-entropy`, `unnormalized-input`, `activation-scale-drift`
    """

    code = "DNN305"
    level = Severity.WARNING
    message = "the first `{loss}` is {value:.3g} nats, where {expected:.3g} is that of guessing among {classes} classes"
    why = "The network starts out {state}, so the first part of training is spent on something else than learning."
    mend = "{cure}."

    def runtime(self, losses: Losses, predictions: Predictions, run: Run) -> Findings:
        starts = [start for start in _starts(predictions, losses) if start.wrong]
        if run.resumed or not starts:
            return
        worst = max(starts, key=lambda start: start.value - start.expected)
        call, high = worst.prediction.call, worst.value > worst.expected
        hopeless = high and worst.ratio > HOPELESS and worst.value - worst.expected > FAR
        yield self.at(
            call.called,
            severity=Severity.ERROR if hopeless else Severity.WARNING,
            related=((call.input_layer.built if call.input_layer else None, "the layer that gives the scores"),),
            evidence={"measured": worst.value, "threshold": worst.expected, "unit": "nats"},
            loss=call.kind,
            value=worst.value,
            expected=worst.expected,
            classes=call.classes or 2,
            state="confidently wrong" if high else "knowing its labels",
            cure=SCALE if high else LEAK,
        )


SCALE = (
    "Normalise the inputs, and make the last layer's weights small (or its gain) so that the first scores are near 0."
)
LEAK = "See whether the labels are part of the input, and whether the loss is averaged over what you think it is"


def _starts(predictions: Predictions, losses: Losses) -> list[_Start]:
    values = {call.number: call.value for call in losses.calls}
    seen, starts = set(), []
    for prediction in predictions.calls:
        call = prediction.call
        if call.step != 0 or not call.trains or call.called in seen:
            continue
        seen.add(call.called)
        start = _start(prediction, values.get(call.number, call.value))
        starts += [start] if start else []
    return starts


def _start(prediction: Prediction, value: float | None) -> _Start | None:
    call, labels = prediction.call, prediction.labels
    if not call.plain or value is None or not isfinite(value):
        return None
    if call.kind in SIGMOID_LOSSES | {"BCELoss"}:
        bounded = prediction.target.low >= 0 and prediction.target.high <= 1
        return _Start(prediction, value, log(2), 0.0) if bounded else None
    if call.kind not in ("CrossEntropyLoss", "NLLLoss") or call.classes is None or call.classes < 2:
        return None
    contrastive = len(labels) > 1 and labels == tuple(range(len(labels)))
    return None if contrastive else _Start(prediction, value, log(call.classes), _entropy(labels, call.ignored))


def _entropy(labels: tuple[int, ...], ignored: int | None) -> float:
    """Of the labels of one batch; 0 if there are too few."""
    counts = Counter(label for label in labels if label != ignored)
    total = counts.total()
    if total < ENOUGH:
        return 0.0
    return sum(count / total * log(total / count) for count in counts.values())
