"""DNN405: squared error on classes."""

from dnnlint.evidence.script import LossCall
from dnnlint.evidence.vocabulary import DENSE, DISTRIBUTIONS, REGRESSION_LOSSES
from dnnlint.rule import Confidence, Findings, Rule, Severity

SCORES = DENSE | DISTRIBUTIONS | {"sigmoid", "log_softmax"}
GUESSED = {"randint", "argmax", "index", "LabelEncoder"}  # what is drawn or chosen may be a number as well as a class


class MseOnClasses(Rule):
    """A classifier is trained with a squared or absolute error on class indices or one-hot labels.

    ## Why it hurts
    Indices of classes have no distances: class 3 is not nearer to class 4 than to class 9, yet the loss says so. On
    one-hot rows the gradient of a squared error all but vanishes where a softmax or sigmoid is confidently wrong, which
    is where cross-entropy is steepest (Golik et al., *Cross-Entropy vs. Squared Error Training*, 2013; Goodfellow et
    al., *Deep Learning*, 2016, section 6.2).

    ## How it decides
    The target of a regression loss (squared, absolute, Huber) is known to be classes: labels of a data set of pictures
    with classes, the result of `one_hot`, `LabelEncoder` or of rows picked from an identity matrix, zeros in which the
    place of a class is set to one, a place in a list of names, the result of `argmax` or `randint`. The prediction
    comes out of a layer, a softmax or a sigmoid. Labels of a data set are certain; the other signs are of medium
    confidence.

    ## What it misses
    Labels read from files, of which nothing is known, and 0 and 1 as real numbers.

    ## How to silence
    Where the squared error is meant (the Brier score, least-squares classifiers), write
    `# dnnlint: ignore[mse-on-classes]` behind the line, with the reason.

    ## Related
    `softmax-before-cross-entropy`, `wrong-target-form`
    """

    code = "DNN405"
    level = Severity.WARNING
    message = "`{loss}` is taken of {what} ({source})"
    why = "Classes have no distances, and the squared error hardly corrects predictions that are confidently wrong."
    mend = "Use `CrossEntropyLoss` on the raw scores and the class indices."

    def static(self, loss: LossCall) -> Findings:
        target = loss.target
        if loss.kind not in REGRESSION_LOSSES or target.form is None or not loss.known or loss.embedding:
            return
        if not loss.last or any(operation.kind not in SCORES for operation in loss.last):
            return
        certain = target.form == "indices" and target.source not in GUESSED
        yield self.at(
            loss.built or loss.place,
            confidence=Confidence.HIGH if certain else Confidence.MEDIUM,
            related=((loss.place if loss.built else None, "the loss is taken here"),),
            loss=loss.kind,
            what="class indices" if target.form == "indices" else "one-hot labels",
            source=f"`{target.source}`",
        )
