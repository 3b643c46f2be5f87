"""Comments and statements of a source text, found without parsing it.

One scan over strings, comments, brackets and line ends. Unlike ``tokenize`` it knows no syntax beyond these, so
it never fails: not on the next Python's syntax, nor on a file that is broken further down.
"""

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<newline>\r\n|\r|\n)
    | (?P<space>[ \t\f]++)
    | (?P<comment>\#[^\r\n]*+)
    | (?P<continued>\\(?:\r\n|\r|\n))
    | (?P<string>(?P<triple>\"\"\"|''')(?:\\.|(?!(?P=triple)).)*+(?:(?P=triple))?
        |"(?:[^\\"\r\n]|\\(?:\r\n|.))*+"?|'(?:[^\\'\r\n]|\\(?:\r\n|.))*+'?)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<code>[^\s\#"'()\[\]{}\\]++|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE_END = re.compile(r"\r\n|\r|\n")


class Comment(NamedTuple):
    """A comment and the statement it stands in."""

    row: int
    column: int
    text: str
    statement: int | None  # index of the statement around or before it on its line; None on a line of its own
    following: int  # index of the statement that comes next


class Layout(NamedTuple):
    """First and last rows of the statements of a text (of a compound one, its head), and the comments."""

    statements: tuple[tuple[int, int], ...]
    comments: tuple[Comment, ...]

    def rows_at(self, row: int) -> tuple[int, int]:
        """Rows of the statement that covers a row, or the row itself."""
        from bisect import bisect_right

        index = bisect_right(self.statements, (row, row + 1_000_000_000)) - 1
        if index >= 0 and self.statements[index][1] >= row:
            return self.statements[index]
        return row, row


def scan(text: str) -> Layout:
    """Read the layout of a text; decorators belong to the head that they decorate."""
    return _Scanner().scan(text.removeprefix("\ufeff"))


class _Scanner:
    def __init__(self) -> None:
        self.row, self.line_start, self.depth = 1, 0, 0
        self.first = 0  # row that the open statement begins on, 0 between statements
        self.decorated = 0  # row of the first decorator above
        self.decorator = False
        self.statements: list[tuple[int, int]] = []
        self.comments: list[Comment] = []

    def scan(self, text: str) -> Layout:
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup or "code"
            if kind == "comment":
                self._comment(token)
            elif kind == "newline":
                self._end_of_line()
            elif kind not in ("space", "continued"):
                self._code(kind, token[0])
            self._advance(token)
        self.depth = 0
        self._end_of_line()
        if self.decorated:
            self.statements.append((self.decorated, self.row))
        return Layout(tuple(self.statements), tuple(self.comments))

    def _code(self, kind: str, text: str) -> None:
        if not self.first:
            self.first, self.decorator = self.row, text.startswith("@")
        if kind == "open":
            self.depth += 1
        elif kind == "close":
            self.depth = max(0, self.depth - 1)

    def _comment(self, token: re.Match[str]) -> None:
        index = len(self.statements)
        inside = index if self.first or self.decorated else None
        following = index + 1 if self.first else index
        self.comments.append(Comment(self.row, token.start() - self.line_start + 1, token[0], inside, following))

    def _end_of_line(self) -> None:
        if not self.first or self.depth:
            return
        if self.decorator:
            self.decorated = self.decorated or self.first
        else:
            self.statements.append((self.decorated or self.first, self.row))
            self.decorated = 0
        self.first = 0

    def _advance(self, token: re.Match[str]) -> None:
        if token.lastgroup in ("comment", "space", "open", "close", "code"):
            return
        for end in _LINE_END.finditer(token[0]):
            self.row += 1
            self.line_start = token.start() + end.end()
