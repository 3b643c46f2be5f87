"""DNN105: inputs of a scale that no layer is made for."""

from dnnlint.evidence.script import InputScale
from dnnlint.evidence.trace import BatchStats, Inputs, Spread
from dnnlint.evidence.vocabulary import NORMALISATIONS
from dnnlint.rule import Findings, Rule, Severity, Site

FAR_MEAN, WIDE, LARGE = 5.0, 20.0, 100.0
VERY_FAR, VERY_WIDE = 100.0, 50.0
NARROW = 0.05
PIXEL = 255.0
TAKES_ANYTHING = NORMALISATIONS | {"embedding"}


class UnnormalizedInput(Rule):
    """The network is fed raw values, such as pixels from 0 to 255, or values that were scaled down twice.

    ## Why it hurts
    Weights are drawn for inputs around zero with a spread of about one. Larger ones saturate units and blow up the
    first layer's gradient; a mean far from zero makes all weights of a unit move in the same direction, so that
    learning zigzags (LeCun et al., *Efficient BackProp*, 1998, section 4.3).

    ## How it decides
    In the source: what a network trains on is led back to a loader, to the `data` of a torchvision data set, or through
    the `__getitem__` of the project's own data set to a function that reads a picture (`cv2.imread`, `Image.open`,
    `read_image` ...). It is found if every transform on the way is known, none of them scales the pixels, and the
    network has pretrained weights or begins with a linear or convolutional layer; or if `ToTensor` scaled them to 1 and
    they are divided by 255 again.
    In the run: the floating-point batches that training feeds to a network, as its first layer receives them. A
    warning for whole numbers from 0 to between 100 and 255 in images, for a spread above 50, and for a mean above 100
    in magnitude. Advice, which is not shown by default, for a mean beyond 5, a spread above 20, a value beyond 100,
    and for values that all lie within 0.05 of zero. It must hold for every batch that was seen. Networks whose first
    layer is a normalisation or an embedding are left alone.

    ## What it misses
    In the source, arrays from files that may hold anything (HDF5, `np.load`); in the run, single features of another
    scale that drown among many, and inputs besides the first.

    ## How to silence
    Write `# dnnlint: ignore[unnormalized-input]` behind the loader, the line that makes a tensor of the picture, or the
    call of the network where there is no loader, with the reason.

    ## Related
    `wrong-initial-loss`, `saturated-units`
    """

    code = "DNN105"
    level = Severity.WARNING
    message = "{what}"
    measured = "inputs from {low:.3g} to {high:.3g}, mean {mean:.3g} and standard deviation {std:.3g}: {what}"
    why = "Weights are drawn for inputs around zero with a spread of about one; others slow or stop learning."
    mend = (
        "Subtract the mean and divide by the standard deviation of the training data (images: `ToTensor`, `Normalize`)."
    )

    def static(self, scale: InputScale) -> Findings:
        words = {
            "raw": "pixels reach the network as they were read, from 0 to 255 or more",
            "twice": "pixels are divided by 255 again, after `ToTensor` did so",
        }
        if scale.kind in words:
            yield self.at(scale.place, related=((scale.call, "the network takes them here"),), what=words[scale.kind])

    def runtime(self, inputs: Inputs) -> Findings:
        loaders: dict[int | None, Site] = {loader.number: loader.built for loader in inputs.loaders}
        groups: dict[object, list[BatchStats]] = {}
        for batch in inputs.batches:
            if batch.trains and "float" in batch.dtype:
                groups.setdefault(batch.called, []).append(batch)
        for batches in groups.values():
            verdicts = [verdict for batch in batches if (verdict := _judge(batch))]
            if len(verdicts) < len(batches):
                continue
            severity, what, measured, threshold = min(verdicts, key=lambda verdict: verdict[0].rank)
            first, given = batches[0], _taken(batches[0])
            yield self.at(
                loaders.get(first.loader, first.called),
                severity=severity,
                related=((first.first.built if first.first else None, "the layer that takes them"),),
                evidence={"measured": measured, "threshold": threshold, "unit": what},
                low=given.low,
                high=given.high,
                mean=given.mean,
                std=given.std,
                what=what,
            )


def _taken(batch: BatchStats) -> Spread:
    return batch.taken or batch.spread


_Verdict = tuple[Severity, str, float, float]


def _judge(batch: BatchStats) -> _Verdict | None:
    """How bad a batch is, in which respect, and by which number; None for what a layer can live with."""
    given, first = _taken(batch), batch.first
    if not given.finite or (first is not None and first.op in TAKES_ANYTHING):
        return None
    pixels = batch.integral and len(batch.shape) > 2 and given.low >= 0 and LARGE < given.high <= PIXEL
    largest = max(abs(given.low), abs(given.high))
    faults: list[tuple[bool, _Verdict]] = [
        (pixels, (Severity.WARNING, "raw pixels", given.high, 1.0)),
        (given.std > VERY_WIDE, (Severity.WARNING, "a very large spread", given.std, VERY_WIDE)),
        (abs(given.mean) > VERY_FAR, (Severity.WARNING, "a mean very far from zero", given.mean, VERY_FAR)),
        (given.std > WIDE, (Severity.ADVICE, "a large spread", given.std, WIDE)),
        (abs(given.mean) > FAR_MEAN, (Severity.ADVICE, "a mean far from zero", given.mean, FAR_MEAN)),
        (largest > LARGE, (Severity.ADVICE, "large values", largest, LARGE)),
        (0 < largest < NARROW, (Severity.ADVICE, "very small values", largest, NARROW)),
    ]
    return next((verdict for holds, verdict in faults if holds), None)
