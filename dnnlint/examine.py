"""One file: read, judged, located and worded; in whatever process and order, with the same result."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dnnlint.diagnostic import WHOLE_FILE, Location, Place, Span
from dnnlint.errors import DnnlintError
from dnnlint.evidence.source import Script, Unreadable

if TYPE_CHECKING:
    from typing import Protocol

    from dnnlint.engine import Spoken
    from dnnlint.rule import Rule

    class SourceReader(Protocol):
        """The static wing, as far as it is needed here."""

        def read(self, path: str, data: bytes) -> Script:
            """Tell what one file does, together with the project files it imports."""

        def locate(self, places: Collection[Place]) -> Mapping[Place, Location]:
            """Turn places into lines."""


class Examined(NamedTuple):
    """All that is to be said of one file, before comments and settings silence any of it."""

    spoken: "tuple[Spoken, ...]" = ()  # files by their absolute paths
    unreadable: tuple[str, ...] = ()  # absolute paths
    inputs: tuple[tuple[str, str | None], ...] = ()  # files looked up for it, with digests; None: was not there
    crash: str = ""  # traceback of a bug of dnnlint's own


class Examiner:
    """Examines the files of one project; reader and rules are made when the first file needs them."""

    def __init__(self, make_reader: "Callable[[], SourceReader]", find_rules: "Callable[[], Sequence[Rule]]") -> None:
        self._make_reader = make_reader
        self._find_rules = find_rules

    @cached_property
    def _reader(self) -> "SourceReader":
        return self._make_reader()

    @cached_property
    def _rules(self) -> "Sequence[Rule]":
        return self._find_rules()

    def examine(self, path: str, data: bytes) -> Examined:
        """Read a file, and say what the rules say of it; a bug of dnnlint's own costs no other result."""
        try:
            script = self._reader.read(path, data)
        except DnnlintError:
            raise
        except Exception as error:  # whatever it is: the traceback is told, and the other files are checked
            from traceback import format_exc

            why = f"dnnlint failed on it, please report this ({type(error).__name__}: {error})"
            return self.hear((Unreadable(Place(path, WHOLE_FILE), why),))._replace(crash=format_exc())
        return self.hear(script.facts)._replace(inputs=script.inputs)

    def hear(self, facts: Iterable[object]) -> Examined:
        """What the rules say of facts."""
        facts = tuple(facts)
        if not facts:
            return Examined()
        from dnnlint.engine import judge, word

        unreadable = tuple(os.path.abspath(fact.place.path) for fact in facts if isinstance(fact, Unreadable))
        return Examined(tuple(word(judge(facts, self._rules), self._locate)), unreadable)

    def _locate(self, places: Collection[Place]) -> dict[Place, Location]:
        located = {place: Location(place.path, Span(1, 1, 1, 1), "", (1, 1), "") for place in places}
        inner = [place for place in places if place.node != WHOLE_FILE]
        if inner:
            located.update(self._reader.locate(inner))
        return located
