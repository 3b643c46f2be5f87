"""DNN002: a suppression comment that silences nothing."""

from dnnlint.diagnostic import Span
from dnnlint.evidence.script import UnusedSuppression as Comment
from dnnlint.rule import Findings, Rule, Severity


class UnusedSuppression(Rule):
    """A suppression comment silences nothing, or names a rule that does not exist.

    ## Why it hurts
    A comment that outlives its finding tells readers of a fault that is gone, and silences the next one on that line
    before anyone has seen it. One with a misspelt name never worked.

    ## How it decides
    No finding of the named rule lies on the statement that the comment belongs to (in the file, for a file-wide
    comment), or no installed rule has that code or name. Comments for rules that are switched off in this run are left
    alone, and of `# noqa` comments only the codes that belong to a rule of dnnlint are looked at.

    ## What it misses
    Comments in files that cannot be read, and blanket `# noqa` comments, which belong to other tools as well.

    ## How to silence
    Delete the comment. If it is needed for another version of the code, switch the rule off with
    `--ignore unused-suppression`.

    ## Related
    `unreadable-source`
    """

    code = "DNN002"
    level = Severity.WARNING
    message = "suppression `{text}`: {reason}"
    why = "A stale suppression hides the next real fault on its line."
    mend = "Delete the comment, or correct the name in it."

    def static(self, comment: Comment) -> Findings:
        span = Span(comment.row, comment.column, comment.row, comment.end_column)
        yield self.at(comment.place, span=span, text=comment.text or "ignore", reason=comment.reason)
