"""DNN713: the best state is picked by its score on test data."""

from dnnlint.evidence.script import HeldOutSelection
from dnnlint.rule import Confidence, Findings, Rule, Severity


class SelectionOnTestData(Rule):
    """The best epoch is picked by its score on test data, although there is validation data.

    ## Why it hurts
    The best of many scores on a test set is too good: the choice fits the noise of that set, and the reported number is
    no longer that of unseen data (Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning*, section
    7.2; Cawley and Talbot, *On Over-fitting in Model Selection*, 2010).

    ## How it decides
    A score that was computed on data named test, and on nothing else, is compared with a best score so far (`best`,
    `min`, `max`), while the script also has data named validation, and compares no score on it. So is a loader that is
    named validation and loads the test data, where another loader has them as well, or validation data are mentioned.
    Where a helper is
    handed the score, as in early stopping, the finding stands at its call.

    ## What it misses
    Data whose name does not tell what it is for. Scripts without validation data are left alone.

    ## How to silence
    Write `# dnnlint: ignore[selection-on-test-data]` behind the comparison, with the reason.

    ## Related
    `partial-validation`
    """

    code = "DNN713"
    level = Severity.WARNING
    message = "The score on `{data}` decides what is kept as `{best}`"
    why = "Picked by its test score, the network fits the noise of the test set, and its score there is too good."
    mend = "Pick by the score on the validation data, and use the test data once, at the end."
    confidence = Confidence.MEDIUM

    def static(self, selection: HeldOutSelection) -> Findings:
        yield self.at(selection.place, data=", ".join(selection.data), best=selection.best)
