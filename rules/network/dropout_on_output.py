"""DNN216: dropout applied to what a network predicts."""

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import LossCall, Operation
from dnnlint.evidence.vocabulary import LOG_PROBABILITIES, LOSS_INPUT, PROBABILITIES, WEIGHTED
from dnnlint.rule import Findings, Rule, Severity

READ_OFF = PROBABILITIES | LOG_PROBABILITIES
PREDICTING = {"logits", "log_probabilities", "probabilities", "unbounded"}


class DropoutOnOutput(Rule):
    """Dropout is applied to the predictions themselves.

    ## Why it hurts
    Dropout sets part of the scores to zero and scales up the others, so the loss is taken on predictions that the
    network did not make: a class is wiped out at random, a regression is zero or doubled. Dropout is meant for hidden
    units, whose loss others can make up for (Srivastava et al., *Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting*, 2014).

    ## How it decides
    Everything that can come last before a loss is known, and it is dropout, or a softmax or sigmoid right behind
    dropout. Silent for losses on embeddings, where two passes with dropout are two views of one sample.

    ## What it misses
    Outputs that no loss in sight receives.

    ## How to silence
    Write `# dnnlint: ignore[dropout-on-output]` behind the dropout, with the reason.

    ## Related
    `dropout-always-on`, `relu-on-regression-output`
    """

    code = "DNN216"
    level = Severity.WARNING
    message = "dropout is applied to the predictions that `{loss}` receives"
    why = "Predictions are set to zero at random, and nothing behind them can make up for that."
    mend = "Move the dropout before the last layer."

    def static(self, loss: LossCall) -> Findings:
        if not loss.known or loss.embedding or LOSS_INPUT.get(loss.kind) not in PREDICTING:
            return
        behind = loss.before if len(loss.before) == len(loss.last) else (None,) * len(loss.last)
        places = [_dropped(last, before) for last, before in zip(loss.last, behind, strict=True)]
        known = [place for place in places if place is not None]
        for place in known if len(known) == len(places) else ():  # on one path of several it may be meant for others
            yield self.at(place, related=((loss.place, "the loss is taken here"),), loss=loss.kind)


def _dropped(last: Operation, before: Operation | None) -> Place | None:
    """Where dropout is applied to the scores that one path gives."""
    if last.kind == "dropout" and before is not None and before.kind in WEIGHTED:
        return last.place
    if last.kind in READ_OFF and before is not None and before.kind == "dropout":
        return before.place
    return None
