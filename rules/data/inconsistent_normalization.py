"""DNN106: training and evaluation that do not see inputs on the same scale."""

from dnnlint.evidence.script import Feed, InputScale, PipelineStep, Split
from dnnlint.rule import Confidence, Findings, Rule, Severity


class InconsistentNormalization(Rule):
    """Training and evaluation normalise differently, or pretrained weights get inputs on another scale than theirs.

    ## Why it hurts
    The weights are fitted to inputs of one mean and spread. Other constants shift every activation, so the network is
    evaluated, or fine-tuned, on inputs it was never made for, and loses accuracy without an error (documentation of
    `torchvision.models`: pretrained weights expect the normalisation they were trained with; LeCun et al., *Efficient
    BackProp*, 1998, section 4.3).

    ## How it decides
    A loader that trains and one that evaluates read data sets of the same class, and the pipelines of both are known.
    Either both normalise, by constants that differ, or one of them does and every step of the other is known not to.
    Or a network of torchvision with pretrained weights trains on a loader whose pipeline ends in `ToTensor`, without a
    normalisation in the pipeline or on the way to the network. Roles follow from what the loader's batches are used
    for and what it is called.

    ## What it misses
    Constants that are not written out, and normalisation inside networks or data sets.

    ## How to silence
    Write `# dnnlint: ignore[inconsistent-normalization]` at the line, with the reason.

    ## Related
    `augmented-evaluation-data`, `unnormalized-input`
    """

    code = "DNN106"
    level = Severity.WARNING
    confidence = Confidence.MEDIUM
    message = "{what}"
    why = "The network then gets inputs on another scale than its weights are fitted to."
    mend = (
        "Use the same `Normalize(mean, std)` in all pipelines, with the constants that the weights were trained with."
    )

    def static(self, fact: Split | InputScale) -> Findings:
        if isinstance(fact, InputScale):
            if fact.kind == "pretrained":
                related = ((fact.call, "the pretrained network is called here"),)
                what = "pretrained weights are trained on inputs that nothing normalises"
                yield self.at(fact.place, related=related, what=what)
        elif fact.training is not None:
            yield from self._compare(fact.training, fact.evaluation)

    def _compare(self, training: Feed, evaluation: Feed) -> Findings:
        mine, theirs = _normalisations(training), _normalisations(evaluation)
        if len(mine) == len(theirs) == 1 and _differ(mine[0], theirs[0]):
            related = ((mine[0].place, "training normalises here"),)
            yield self.at(theirs[0].place, related=related, what="evaluation normalises by other numbers than training")
        elif mine and not theirs and _known(evaluation):
            related = ((mine[0].place, "training normalises here"),)
            place = evaluation.steps[-1].place if evaluation.pipeline == training.pipeline else evaluation.pipeline
            yield self.at(place, related=related, what="training normalises and evaluation does not")
        elif theirs and not mine and _known(training):
            related = ((theirs[0].place, "evaluation normalises here"),)
            yield self.at(training.pipeline, related=related, what="evaluation normalises and training does not")


def _normalisations(feed: Feed) -> list[PipelineStep]:
    return [step for step in feed.steps if step.kind == "normalise"]


def _known(feed: Feed) -> bool:
    return bool(feed.steps) and all(step.kind != "unknown" for step in feed.steps)


def _differ(one: PipelineStep, other: PipelineStep) -> bool:
    pairs = ((one.mean, other.mean), (one.std, other.std))
    return any(a is not None and b is not None and a != b for a, b in pairs)
