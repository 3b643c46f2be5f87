"""DNN717: the worse values of a metric are taken for the better ones."""

from dnnlint.evidence.script import Selection
from dnnlint.rule import Confidence, Findings, Rule, Severity


class WrongSelectionDirection(Rule):
    """What is kept as best, or taken for an improvement, is the worse by its metric.

    ## Why it hurts
    A loss is better when it is lower, an accuracy when it is higher. With the comparison the wrong way round the
    worst network is saved as the best, early stopping ends training while it improves, and a schedule on a plateau
    lowers the rate because things go well (documentation of `torch.optim.lr_scheduler.ReduceLROnPlateau`: "min: lr
    will be reduced when the quantity monitored has stopped decreasing").

    ## How it decides
    The name of the metric tells which values are better: loss, error, perplexity, RMSE and kin are better when
    lower; accuracy, F1, AUC, IoU, BLEU and kin when higher. Where names do not tell, what the metric was worked out
    from does: losses, or comparisons of predictions with labels. A comparison counts when one side is called best,
    lowest or highest (or is a part of what is called so) and is assigned where the comparison holds, or when its result
    is called `is_best`; so do `best = max(...)`, `best_epoch = np.argmax(losses)`, `best = sorted(runs, key=...)[0]`,
    the mode of `ReduceLROnPlateau` with what its step is given or Lightning is told to monitor, the `mode` and
    `monitor` of callbacks, `greater_is_better` of transformers, and score functions of ignite, which look for the
    highest. Names that speak of both, and expressions that turn a metric round, are left alone, and so are functions
    that compare both ways. A comparison that cannot hold because of the infinity it starts from counts whatever the
    names are.

    ## What it misses
    Metrics whose names do not tell (score, value, metric) and that come from code that is not known.

    ## How to silence
    Write `# dnnlint: ignore[wrong-selection-direction]` behind the line, with the reason.

    ## Related
    `plateau-without-metric`, `aliased-best-weights`
    """

    code = "DNN717"
    level = Severity.WARNING
    message = "{how} takes a {keeps} `{metric}` for the better one"
    why = "The worst network is kept as the best, or training is steered by the wrong end of its metric."
    mend = "Turn the comparison or the mode round."
    confidence = Confidence.MEDIUM

    def static(self, selection: Selection) -> Findings:
        if selection.never or (selection.better is not None and selection.better != selection.keeps):
            yield self.at(
                selection.place,
                how="this comparison" if selection.how == "comparison" else f"`{selection.how}`",
                keeps=selection.keeps,
                metric=selection.metric,
                related=((selection.measured, "the metric is handed over here"),),
                confidence=Confidence.HIGH if selection.never else Confidence.MEDIUM,
            )
