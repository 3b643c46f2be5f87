"""DNN107: samples and labels that cannot be right."""

from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

from dnnlint.evidence.trace import BatchStats, Inputs, Losses, Prediction, Predictions
from dnnlint.rule import Findings, Rule, Severity, Site

BINARY = frozenset({"BCELoss", "BCEWithLogitsLoss", "MultiLabelSoftMarginLoss"})
SLACK = 0.5  # noise on the labels of a discriminator stays within it


class _Fault(NamedTuple):
    what: str
    step: int
    measured: object
    threshold: object
    place: Site  # where the network or the loss was called
    severity: Severity = Severity.ERROR


class CorruptSample(Rule):
    """Training data holds values that cannot be right: NaN or infinity, or labels outside the classes.

    ## Why it hurts
    One NaN in one sample makes the loss NaN, the gradients NaN and, after the step, all weights NaN. A label outside
    the classes stops the run on a CPU and kills the process with an unrelated message on a GPU; for binary losses
    targets outside [0, 1] pass without a word and drive the loss below zero without end (documentation of
    `torch.nn.CrossEntropyLoss` and `torch.nn.BCEWithLogitsLoss`; Northcutt et al., *Pervasive Label Errors*, 2021).

    ## How it decides
    In the run: a batch that trains holds NaN or infinity, or a target does, and a loss of the same step is not finite
    (otherwise the script copes with them); a class index is negative or not below the number of classes and is not
    `ignore_index`; a target of a binary cross-entropy lies below -0.5 or above 1.5, so that noisy labels of a
    discriminator pass. A batch without samples is a warning.

    ## What it misses
    Samples that were not in the steps watched, wrong labels within the classes, and blank samples.

    ## How to silence
    Write `# dnnlint: ignore[corrupt-sample]` behind the loader, or behind the call where there is no loader, with the
    reason.

    ## Related
    `non-finite-value`, `unnormalized-input`
    """

    code = "DNN107"
    level = Severity.ERROR
    message = "{what} at step {step}"
    why = (
        "A single sample that is not a number, or a label that does not exist, spoils the gradient of the whole batch."
    )
    mend = "Find the samples (`torch.isfinite`, `labels.unique()`), and mend or drop them where the data is read."

    def runtime(self, inputs: Inputs, losses: Losses, predictions: Predictions) -> Findings:
        loaders: dict[int | None, Site] = {loader.number: loader.built for loader in inputs.loaders}
        origin = {batch.step: loaders[batch.loader] for batch in inputs.batches if batch.loader in loaders}
        faults = [*_inputs(inputs, losses), *_targets(predictions, losses)]
        for fault in sorted(faults, key=lambda fault: fault.step)[:1]:
            yield self.at(
                origin.get(fault.step, fault.place),
                severity=fault.severity,
                related=((fault.place, "it arrives here"),),
                evidence={"measured": fault.measured, "threshold": fault.threshold, "unit": fault.what},
                what=fault.what,
                step=fault.step,
            )


def _inputs(inputs: Inputs, losses: Losses) -> Iterator[_Fault]:
    spoilt = {call.step for call in losses.calls if call.value is not None and not isfinite(call.value)}
    spoilt |= {back.step for back in losses.backwards if back.value is not None and not isfinite(back.value)}
    for batch in inputs.batches:
        if batch.trains and 0 in batch.shape:
            yield _Fault("a batch without samples", batch.step, 0, 1, batch.called, Severity.WARNING)
        elif batch.trains and batch.step in spoilt and not _finite(batch):
            yield _Fault("NaN or infinity in the inputs", batch.step, "not finite", "finite", batch.called)


def _finite(batch: BatchStats) -> bool:
    return batch.finite and batch.spread.finite


def _targets(predictions: Predictions, losses: Losses) -> Iterator[_Fault]:
    values = {call.number: call.value for call in losses.calls}
    for prediction in predictions.calls:
        call, target = prediction.call, prediction.target
        value = values.get(call.number, call.value)
        for what, measured, threshold in _wrong_labels(prediction):
            yield _Fault(what, call.step, measured, threshold, call.called)
        if call.trains and not target.finite and value is not None and not isfinite(value):
            yield _Fault("NaN or infinity in the targets", call.step, "not finite", "finite", call.called)


def _wrong_labels(prediction: Prediction) -> Iterator[tuple[str, object, object]]:
    call, target = prediction.call, prediction.target
    strangers = [n for n in prediction.labels if n != call.ignored and not 0 <= n < (call.classes or n + 1)]
    if strangers and call.classes:
        yield f"label {strangers[0]} among {call.classes} classes", strangers[0], call.classes
    if call.kind in BINARY and target.finite and (target.low < -SLACK or target.high > 1 + SLACK):
        worst = target.low if target.low < -SLACK else target.high
        yield f"a binary target of {worst:.3g}", worst, 1
