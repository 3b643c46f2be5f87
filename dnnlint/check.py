"""The verb ``check`` without its words: discover, read, judge, locate, suppress."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dnnlint.diagnostic import WHOLE_FILE, Diagnostic, Location, Place, Span
from dnnlint.errors import DnnlintError
from dnnlint.evidence.script import Script, Unreadable
from dnnlint.rulebook import Rulebook
from dnnlint.script.discover import Discovery, discover, excluded_below, reason
from dnnlint.script.markers import MARKER, OWN_MARKER
from dnnlint.script.source import MAX_BYTES, Unparseable, decode, mentions_framework, neighbours
from dnnlint.settings import Governor
from dnnlint.silence import Silence
from dnnlint.texts import Texts

if TYPE_CHECKING:
    from typing import Protocol

    from dnnlint.engine import Verdict
    from dnnlint.rule import Rule

    class SourceReader(Protocol):
        """The static wing, as far as it is needed here."""

        def read(self, path: str, data: bytes) -> Script:
            """Tell what one file does, together with the project files it imports."""

        def locate(self, places: Collection[Place]) -> Mapping[Place, Location]:
            """Turn places into lines."""


class Request(NamedTuple):
    """What to check: paths, or a text from standard input."""

    paths: tuple[str, ...] = (os.curdir,)
    stdin: bytes | None = None
    stdin_filename: str = ""


class Result(NamedTuple):
    """Everything there is to report."""

    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]  # that were looked into
    read: int  # how many of these speak of training
    unreadable: tuple[str, ...]
    silenced: int  # findings under a suppression comment
    notebooks: tuple[str, ...]  # found, and not read
    crashes: tuple[str, ...]  # tracebacks of bugs in dnnlint
    lines: Callable[[str], Sequence[str]]  # of a file that a diagnostic names


def check(
    request: Request, governor: Governor, make_reader: "Callable[[Sequence[str]], SourceReader] | None" = None
) -> Result:
    """Check what is asked for and print nothing."""
    texts = Texts(request.stdin, request.stdin_filename)
    found = _discover(request, governor, texts)
    rulebook = Rulebook(governor)
    rulebook.check_words({os.getcwd(), *(os.path.dirname(path) for path in found.files)})
    run = _Run(texts, rulebook, found, lambda: (make_reader or _reader)(_roots(request)))
    for path, why in found.broken:
        run.hear((Unreadable(Place(path, WHOLE_FILE), why),))
    for path in found.files:
        run.take(path)
    silence = Silence(texts, rulebook, governor, found.files)
    return Result(
        diagnostics=tuple(run.judged(silence)),
        files=tuple(map(texts.name, found.files)),
        read=run.read,
        unreadable=tuple(sorted(map(texts.name, run.unreadable))),
        silenced=silence.count,
        notebooks=tuple(map(texts.name, found.notebooks)),
        crashes=tuple(run.crashes),
        lines=texts.lines,
    )


class _Run:
    """The files taken so far, and what the rules say of them."""

    def __init__(
        self, texts: Texts, rulebook: Rulebook, found: Discovery, make_reader: "Callable[[], SourceReader]"
    ) -> None:
        self._texts = texts
        self._rulebook = rulebook
        self._found = found
        self._make_reader = make_reader
        self._verdicts: list[Verdict] = []
        self._marked: list[str] = []
        self.unreadable: set[str] = set()
        self.crashes: list[str] = []
        self.read = 0
        self._speakers: dict[str, bool] = {}

    @cached_property
    def _reader(self) -> "SourceReader":
        return self._make_reader()

    @cached_property
    def _rules(self) -> "Sequence[Rule]":
        return self._rulebook.on_in([*self._found.files, *(path for path, _ in self._found.broken)])

    def take(self, path: str) -> None:
        """Read one file and hand its facts to the rules; files without training are only looked at."""
        try:
            data = self._texts.data(path)
        except OSError as error:
            self.hear((Unreadable(Place(path, WHOLE_FILE), reason(error)),))
            return
        trains = mentions_framework(data) or any(map(self._speaks, neighbours(path, data)))

        if (MARKER if trains else OWN_MARKER).search(data):
            self._marked.append(path)
        if trains:
            self.read += 1
            self.hear(self._read(path, data))
            self._locate_here(path)
        else:
            self.hear(_misfit(path, data))

    def _speaks(self, path: str) -> bool:
        """Whether an imported file mentions a framework; each is looked at once."""
        if path not in self._speakers:
            try:
                self._speakers[path] = mentions_framework(self._texts.data(path))
            except OSError:
                self._speakers[path] = False
        return self._speakers[path]

    def _read(self, path: str, data: bytes) -> tuple[object, ...]:
        """Facts of one file; a bug of dnnlint's own is told of the file that met it and costs no other result."""
        try:
            return self._reader.read(path, data).facts
        except DnnlintError:
            raise
        except Exception as error:  # whatever it is: the traceback is told, and the other files are checked
            from traceback import format_exc

            self.crashes.append(format_exc())
            why = f"dnnlint failed on it, please report this ({type(error).__name__}: {error})"
            return (Unreadable(Place(path, WHOLE_FILE), why),)

    def hear(self, facts: Iterable[object]) -> None:
        """Ask the rules about facts."""
        facts = tuple(facts)
        if not facts:
            return
        from dnnlint.engine import judge

        self.unreadable.update(fact.place.path for fact in facts if isinstance(fact, Unreadable))
        self._verdicts += judge(facts, self._rules)

    def _locate_here(self, path: str) -> None:
        """Find the lines of what was found in a file while the reader still has it open."""
        if not self._verdicts:
            return
        from dnnlint.engine import spots

        places = {
            place
            for verdict in self._verdicts
            for place in spots(verdict.finding)
            if isinstance(place, Place) and place.path == os.path.abspath(path) and place.node != WHOLE_FILE
        }
        if places:
            self._reader.locate(places)

    def judged(self, silence: Silence) -> list[Diagnostic]:
        """Locate and word what was found, less what is silenced, plus what silenced nothing."""
        if not self._verdicts and not self._marked:
            return []
        from dnnlint.engine import diagnose, judge

        kept = [diagnostic for diagnostic in diagnose(self._verdicts, self._locate) if silence.keeps(diagnostic)]
        readable = [path for path in self._marked if path not in self.unreadable]
        late = diagnose(judge(silence.unused(readable), self._rules), self._locate)
        kept += [diagnostic for diagnostic in late if silence.allows(diagnostic)]
        return sorted(kept, key=lambda diagnostic: (diagnostic.filename, diagnostic.span, diagnostic.code))

    def _locate(self, places: Collection[Place]) -> dict[Place, Location]:
        located = {place: Location(place.path, Span(1, 1, 1, 1), "", (1, 1), "") for place in places}
        inner = [place for place in places if place.node != WHOLE_FILE]
        if inner:
            located.update(self._reader.locate(inner))
        return {place: spot._replace(filename=self._texts.name(place.path)) for place, spot in located.items()}


def _misfit(path: str, data: bytes) -> Iterator[Unreadable]:
    """Say of a file that nobody is going to parse if it is no Python text at all."""
    if (data.isascii() and b"\0" not in data) or len(data) > MAX_BYTES:
        return
    try:
        decode(data)
    except Unparseable as error:
        yield Unreadable(Place(path, WHOLE_FILE), error.reason, error.row, error.column)


def _discover(request: Request, governor: Governor, texts: Texts) -> Discovery:
    here = governor.at(os.getcwd())
    if request.stdin is None:
        return discover(
            request.paths, governor.excludes, lambda folder: governor.at(folder).respect_gitignore, here.force_exclude
        )
    path = texts.stdin_path
    if governor.at(os.path.dirname(path)).force_exclude and excluded_below(path, os.getcwd(), governor.excludes):
        return Discovery((), (), ())
    notebook = path.endswith(".ipynb")
    return Discovery(() if notebook else (path,), (path,) if notebook else (), ())


def _roots(request: Request) -> list[str]:
    """Folders that project modules are looked for in."""
    folders = [path for path in map(os.path.abspath, request.paths) if os.path.isdir(path)]
    return list(dict.fromkeys([*folders, os.getcwd()]))


def _reader(roots: Sequence[str]) -> "SourceReader":
    from dnnlint.script.reader import Reader

    return Reader(roots)
