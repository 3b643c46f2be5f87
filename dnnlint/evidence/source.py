"""Files themselves: what could not be read of them, and comments that silence rules."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class Unreadable(NamedTuple):
    """A file, or a part of it, that could not be read."""

    place: Place
    reason: str
    row: int | None = None
    column: int | None = None


class UnusedSuppression(NamedTuple):
    """A comment that silences nothing."""

    place: Place
    row: int
    column: int
    end_column: int
    text: str  # the code or name as written, "" for a blanket comment
    reason: str  # "silences nothing here" | "no such rule"


class Script(NamedTuple):
    """All that was read from one file, judged together with the project files it imports."""

    path: str
    facts: tuple[object, ...]
    inputs: tuple[tuple[str, str | None], ...] = ()  # files looked up for it, with digests; None: was not there
