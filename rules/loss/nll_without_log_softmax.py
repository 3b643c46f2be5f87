"""DNN402: a loss on log-probabilities that receives something else."""

from dnnlint.evidence.script import LossCall
from dnnlint.evidence.vocabulary import DENSE, DISTRIBUTIONS, LOSS_INPUT, RECTIFIERS
from dnnlint.rule import Findings, Rule, Severity

from ._sides import swapped

PROBABLE = DISTRIBUTIONS | {"sigmoid", "hardsigmoid"}
RAW = DENSE | RECTIFIERS | {"tanh"}


class NllWithoutLogSoftmax(Rule):
    """A loss that expects log-probabilities receives probabilities or raw scores.

    ## Why it hurts
    `NLLLoss` takes no logarithm: it averages the negated scores of the right classes. On probabilities it stays between
    -1 and 0, and its gradient does not grow when a prediction is badly wrong; on raw scores it has no lower bound, so
    the network just makes all scores larger (documentation of `torch.nn.NLLLoss`; `KLDivLoss` and `CTCLoss` expect
    logarithms, too).

    ## How it decides
    The loss is `NLLLoss`, `KLDivLoss` or `CTCLoss`, and everything that can reach its first argument is known and is
    the direct result of softmax or sigmoid (probabilities), or of a linear layer, convolution, ReLU or tanh (raw
    scores). Views and indexing in between do not matter. If one path comes out of a log-softmax, the rule is silent.
    The finding stands at the activation where there is one to replace, else where the loss is made.

    ## What it misses
    Predictions that pass through code that was not understood, and logarithms taken of the wrong thing.

    ## How to silence
    Write `# dnnlint: ignore[nll-without-log-softmax]` behind the line, with the reason.

    ## Related
    `softmax-before-cross-entropy`, `unstable-log-or-exp`
    """

    code = "DNN402"
    level = Severity.ERROR
    message = "`{loss}` expects log-probabilities and receives {what}"
    why = "The loss takes no logarithm itself, so it rewards the wrong thing: its value is no likelihood."
    mend = "End the network in `log_softmax`, or use `CrossEntropyLoss` on raw scores."

    def static(self, loss: LossCall) -> Findings:
        kinds = {operation.kind for operation in loss.last}
        if LOSS_INPUT.get(loss.kind) != "log_probabilities" or not loss.known or not kinds or swapped(loss):
            return
        taken = (loss.place, "the loss is taken here")
        if kinds <= PROBABLE:
            for operation in loss.last:
                what = f"the result of {operation.kind}"
                yield self.at(operation.place, related=(taken,), loss=loss.kind, what=what)
        elif kinds <= RAW:
            scores = tuple((operation.place, "the scores come from here") for operation in loss.last)
            place = loss.built or loss.place
            yield self.at(place, related=(taken, *scores), loss=loss.kind, what="raw scores")
