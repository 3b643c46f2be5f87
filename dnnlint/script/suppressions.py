"""Comments that silence findings, and which of them silenced nothing.

Understood are ``# dnnlint: ignore[CODE, name] reason`` (behind a statement, or on a line of its own above one),
``# dnnlint: file-ignore[...]`` and flake8's ``# noqa: CODE``; without a list they mean every rule.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from dnnlint.diagnostic import WHOLE_FILE, Place
from dnnlint.evidence.script import UnusedSuppression
from dnnlint.script.comments import Comment, Layout, scan

VERBS = ("ignore", "file-ignore")
HABITS = ("ignore-file", "disable", "enable", "disable-next", "skip", "skip-file", "noqa", "off", "nolint")
_NATIVE = re.compile(
    r"#\s*dnnlint\s*:\s*(?P<verb>[\w-]*)\s*:?\s*(?:\[(?P<names>[^\]\[#]*)(?P<closed>\])?|(?P<bare>[A-Z]+[0-9]+\b)?)"
)
_NOQA = re.compile(
    r"#\s*noqa(?![\w-])(?P<colon>\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*)?)?", re.IGNORECASE
)
_WORD = re.compile(r"[^\s,]+")
_WHOLE_FILE = (1, 1_000_000_000)


class Word(NamedTuple):
    """One code or name in a comment's list, as it stands there."""

    text: str
    column: int


class Suppression(NamedTuple):
    """One directive: the rows that it covers, and what it silences there (no words: everything)."""

    row: int
    column: int
    end_column: int
    kind: str  # "ignore" | "file-ignore" | "noqa", or whatever was written instead
    words: tuple[Word, ...]
    rows: tuple[int, int]
    malformed: bool = False


def read_suppressions(text: str) -> tuple[tuple[Suppression, ...], Layout]:
    """All directives of a text, in order, and the layout that they were found in."""
    layout = scan(text)
    return tuple(found for comment in layout.comments for found in _directives(comment, layout)), layout


def _directives(comment: Comment, layout: Layout) -> Iterator[Suppression]:
    for match in _NATIVE.finditer(comment.text):
        if match["names"] is not None or _is_verb(match["verb"]):  # else it is prose about dnnlint
            yield _native(comment, match, layout)
    for match in _NOQA.finditer(comment.text):
        if match["codes"] or not match["colon"]:
            rows = _rows(layout, comment.statement) or (comment.row, comment.row)
            yield _suppression(comment, match, "noqa", _words(comment, match, "codes"), rows)


def _is_verb(word: str) -> bool:
    if word in VERBS or word in HABITS:
        return True
    from dnnlint.suggest import nearest

    return bool(nearest(word, VERBS))


def _native(comment: Comment, match: re.Match[str], layout: Layout) -> Suppression:
    kind = match["verb"]
    words = _words(comment, match, "names" if match["names"] is not None else "bare")
    inside = comment.statement is not None
    rows = _rows(layout, comment.statement if inside else comment.following) or (comment.row, comment.row)
    if kind == "file-ignore":
        rows = _WHOLE_FILE
    unlisted = match["names"] is not None and (match["closed"] is None or not words)
    return _suppression(comment, match, kind, words, rows, kind not in VERBS or unlisted)


def _suppression(
    comment: Comment,
    match: re.Match[str],
    kind: str,
    words: tuple[Word, ...],
    rows: tuple[int, int],
    malformed: bool = False,
) -> Suppression:
    end = match.start() + len(match[0].rstrip())
    return Suppression(comment.row, comment.column + match.start(), comment.column + end, kind, words, rows, malformed)


def _rows(layout: Layout, index: int | None) -> tuple[int, int] | None:
    if index is None or index >= len(layout.statements):
        return None
    return layout.statements[index]


def _words(comment: Comment, match: re.Match[str], group: str) -> tuple[Word, ...]:
    if not match[group]:
        return ()
    start = comment.column + match.start(group)
    return tuple(Word(word[0], start + word.start()) for word in _WORD.finditer(match[group]))


class Silencer:
    """The suppressions of one file, and a note of which of them were needed."""

    def __init__(self, path: str, text: str, codes: Mapping[str, str]) -> None:
        self.path = path
        self._suppressions, self._layout = read_suppressions(text)
        self._codes = codes  # by code and by name
        self._needed: set[tuple[Suppression, str]] = set()  # with the word that matched, "" for a blanket one

    def silences(self, code: str, row: int) -> bool:
        """Whether a finding on a row is silenced; every suppression that does so is noted as needed."""
        first, last = self._layout.rows_at(row)
        hits = [
            (suppression, word)
            for suppression in self._suppressions
            if suppression.rows[0] <= last and first <= suppression.rows[1]
            for word in self._matching(suppression, code)
        ]
        self._needed.update(hits)
        return bool(hits)

    def silences_unused(self, code: str, row: int) -> bool:
        """Whether a comment covers an unused one by the name of that rule; a blanket one cannot save itself."""
        return any(
            suppression.rows[0] <= row <= suppression.rows[1] or suppression.row == row
            for suppression in self._suppressions
            if any(self._matching(suppression, code)) and suppression.words
        )

    def unused(self, checkable: Collection[str], blanket: bool) -> Iterator[UnusedSuppression]:
        """Comments that silenced nothing though their rule was on; `blanket` says that all usual rules were."""
        for suppression in self._suppressions:
            if suppression.malformed:
                yield self._fact(suppression, Word(_spelling(suppression), suppression.column), "no such rule")
            elif not suppression.words:
                if blanket and suppression.kind != "noqa" and (suppression, "") not in self._needed:
                    yield self._fact(suppression, None, "silences nothing here")
            else:
                yield from self._unused_words(suppression, checkable)

    def _unused_words(self, suppression: Suppression, checkable: Collection[str]) -> Iterator[UnusedSuppression]:
        for word in suppression.words:
            code = self._code(suppression, word)
            if code is None:
                if suppression.kind != "noqa" or self._is_ours(word.text):
                    yield self._fact(suppression, word, "no such rule")
            elif code in checkable and (suppression, word.text) not in self._needed:
                yield self._fact(suppression, word, "silences nothing here")

    def _matching(self, suppression: Suppression, code: str) -> Iterator[str]:
        if suppression.malformed:
            return
        if not suppression.words:
            yield ""
        yield from (word.text for word in suppression.words if self._code(suppression, word) == code)

    def _code(self, suppression: Suppression, word: Word) -> str | None:
        return self._codes.get(word.text.upper() if suppression.kind == "noqa" else word.text)

    def _is_ours(self, code: str) -> bool:
        """Whether a code has the letters of an installed pack; others belong to other tools."""
        letters = code.rstrip("0123456789").upper()
        return any(known.rstrip("0123456789") == letters for known in self._codes.values())

    def _fact(self, suppression: Suppression, word: Word | None, reason: str) -> UnusedSuppression:
        column = word.column if word else suppression.column
        end = column + len(word.text) if word and not suppression.malformed else suppression.end_column
        text = word.text if word else ""
        return UnusedSuppression(Place(self.path, WHOLE_FILE), suppression.row, column, end, text, reason)


def _spelling(suppression: Suppression) -> str:
    return f"{suppression.kind}[...]" if suppression.kind in VERBS else suppression.kind or "dnnlint:"
