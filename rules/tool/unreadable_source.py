"""DNN001: a file, or part of one, that cannot be read."""

from dnnlint.diagnostic import Span
from dnnlint.evidence.script import Unreadable
from dnnlint.rule import Findings, Rule, Severity


class UnreadableSource(Rule):
    """A file cannot be read as Python, so nothing in it was checked.

    ## Why it hurts
    A check that skips a file in silence looks like a check that passed. Whatever this file does to the training, and
    whatever other files learn from it, is unknown.

    ## How it decides
    The file cannot be opened, its bytes do not fit its declared encoding, it holds null bytes, or the parser rejects
    its syntax; the reason given is that of whoever refused. It also speaks when a file is nested deeper than the parser
    can stand. All other files are still checked.

    ## What it misses
    Nothing that was asked for. Files that discovery leaves out (ignored by git, excluded by configuration) are not
    opened, so they are not reported.

    ## How to silence
    Exclude the file in the configuration (`extend-exclude = ["old"]`), or switch the rule off with
    `--ignore unreadable-source`. A comment inside the file does not help: the file cannot be read.

    ## Related
    `unused-suppression`
    """

    code = "DNN001"
    level = Severity.ERROR
    message = "cannot read this file: {reason}"
    why = "Nothing in an unreadable file is checked, so silence about it means nothing."
    mend = "Repair the syntax or the encoding, or exclude the file."

    def static(self, fault: Unreadable) -> Findings:
        row, column = fault.row or 1, fault.column or 1
        yield self.at(fault.place, span=Span(row, column, row, column), reason=fault.reason)
