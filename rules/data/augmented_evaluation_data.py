"""DNN103: random transforms where a network is evaluated."""

from dnnlint.evidence.script import Split
from dnnlint.rule import Confidence, Findings, Rule, Severity


class AugmentedEvaluationData(Rule):
    """The data that a network is evaluated on passes through random transforms.

    ## Why it hurts
    Augmentation makes samples harder on purpose, and different in each pass. An evaluation on augmented samples
    measures too low a quality, and a noisy one: models, learning rates and the moment to stop are then chosen by
    chance. It often comes from one pipeline for both sides, or from `random_split`, whose parts share the transforms
    of the data set they were taken from (Shorten and Khoshgoftaar, *A survey on Image Data Augmentation for Deep
    Learning*, 2019; documentation of `torchvision.transforms`).

    ## How it decides
    A loader is for evaluation, by its name, by that of its data set or by the part of the data that it is told to
    read, and no optimiser steps on its batches. The pipeline of its data set (torchvision, albumentations, timm, or
    transforms of the project that are called random and draw numbers) certainly holds a random transform. The finding
    lies at the split where both sides are parts of one data set, at the data set where it was given the pipeline of
    training, and at the transform otherwise. Names that speak of test-time augmentation are left alone.

    ## What it misses
    Pipelines that are chosen by conditions that are not known, and augmentation written into `__getitem__`.

    ## How to silence
    Write `# dnnlint: ignore[augmented-evaluation-data]` at the line, with the reason, for instance test-time
    augmentation.

    ## Related
    `inconsistent-normalization`
    """

    code = "DNN103"
    level = Severity.WARNING
    confidence = Confidence.MEDIUM
    message = "{loader} evaluates on samples that `{transform}` changes at random{how}"
    why = "The score is lower than the network's and differs from pass to pass, so choices made by it are noise."
    mend = "Give evaluation a pipeline of its own, with nothing random in it, on a data set of its own."

    def static(self, split: Split) -> Findings:
        steps = [step for step in split.evaluation.steps if step.kind == "random"]
        if not steps:
            return
        place, how = steps[0].place, ""
        if split.parted is not None:
            place, how = split.parted, ": it is a part of the data set that training augments"
        elif split.same is not None:
            place, how = split.evaluation.dataset, ": it has the pipeline of training"
        yield self.at(
            place,
            related=((steps[0].place, "the random transform"), (split.evaluation.loader, "the loader")),
            loader=f"`{split.evaluation.name}`" if split.evaluation.name else "this loader",
            transform=steps[0].name,
            how=how,
        )
