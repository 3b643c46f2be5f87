"""DNN110: evaluation data that training has seen."""

from dnnlint.evidence.script import Leak
from dnnlint.rule import Confidence, Findings, Rule, Severity

_WORDS = {
    "fitted": (
        "this is fitted to all samples, before they are split",
        "Split first, and fit on the training part only",
    ),
    "statistic": (
        "all samples are scaled by a statistic of all of them, before they are split",
        "Split first, and compute the statistic on the training part only",
    ),
    "refitted": (
        "`{name}` is fitted to evaluation data",
        "Fit on the training data once, and only `transform` what is evaluated",
    ),
    "mixed": ("`{name}` is fitted to training and evaluation data together", "Fit on the training data only"),
    "same": ("`{name}` evaluates on the data set that trains the network", "Evaluate on samples that do not train"),
    "part": ("`{name}` reads the training part of the data, as training does", "Read the part meant for evaluation"),
    "overlap": ("`{name}` holds samples that also train the network", "Let the two parts begin where the other ends"),
}


class TrainTestLeakage(Rule):
    """What a network is evaluated on took part in its training.

    ## Why it hurts
    An evaluation is worth something because its samples are new. If scalers, selectors or resamplers saw them, or the
    network itself did, the score measures memory and comes out too high; choices made by it fail on new data (Kaufman
    et al., *Leakage in Data Mining*, 2012; Kapoor and Narayanan, *Leakage and the reproducibility crisis in
    machine-learning-based science*, 2023).

    ## How it decides
    One of these is certain: a scaler, decomposition, selector, imputer or resampler of scikit-learn or
    imbalanced-learn was fitted to what `train_test_split` or `random_split` then divides, or all of it was
    shifted or scaled by its own mean, deviation or range over the samples; such an estimator is fitted to data that
    is called test or validation data, or to both sides put together; a loader called after evaluation reads the very
    data set that trains, or one of the same class told to read the training part; or it reads a slice or a range
    that overlaps the one that trains. Label encoders and statistics of each sample by itself are left alone, and so
    are loaders with samplers, and those whose names speak of training.

    ## What it misses
    Duplicates across the parts, groups (patients, speakers) on both sides, and statistics computed elsewhere.

    ## How to silence
    Write `# dnnlint: ignore[train-test-leakage]` at the line, with the reason.

    ## Related
    `augmented-evaluation-data`
    """

    code = "DNN110"
    level = Severity.WARNING
    confidence = Confidence.MEDIUM
    message = "{what}"
    why = "The samples that are evaluated are not new then, so the score comes out too high."
    mend = "{cure}."

    def static(self, leak: Leak) -> Findings:
        what, cure = _WORDS[leak.kind]
        related = ((leak.other, "the data is split here" if leak.kind in ("fitted", "statistic") else "training"),)
        yield self.at(leak.place, related=related, what=what.format(name=leak.name), cure=cure)
