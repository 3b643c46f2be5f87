"""DNN618: a method that is named and not called."""

from dnnlint.evidence.script import UncalledMethod as Uncalled
from dnnlint.rule import Confidence, Findings, Rule, Severity


class UncalledMethod(Rule):
    """A method is named where its call was meant: the parentheses are missing.

    ## Why it hurts
    `optimizer.step` without parentheses is a value that nobody uses. Python does not complain, so the network is not
    trained, its gradients are not cleared, or it is evaluated in training mode. `if torch.cuda.is_available:` is
    always true, because a function is (Python language reference, *Truth Value Testing*).

    ## How it decides
    An attribute stands alone as a statement, and it is a method that is called for what it does: `train`, `eval`,
    `zero_grad` and moves of a network, `step` and `zero_grad` of an optimiser, `step` of a schedule, `update` of a
    gradient scaler, `backward` and in-place methods of a tensor. Or a function that answers a question about the
    hardware is used as a condition itself. Confidence is medium where only its name tells what the object is.

    ## What it misses
    Methods that are handed on as values, and objects whose class and name tell nothing.

    ## How to silence
    Write `# dnnlint: ignore[uncalled-method]` behind the statement, with the reason.

    ## Related
    `dropped-result`, `missing-zero-grad`
    """

    code = "DNN618"
    level = Severity.ERROR
    message = "`{method}` is named{use} but not called"
    why = "Without parentheses the method does not run, and nothing says so."
    mend = "Write `{method}()`."

    def static(self, method: Uncalled) -> Findings:
        sure = Confidence.HIGH if method.certain else Confidence.MEDIUM
        use = " as a condition" if method.tested else ""
        yield self.at(method.place, confidence=sure, method=method.name, use=use)
