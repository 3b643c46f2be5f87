"""The verb ``check`` without its words: discover, read, judge, locate, suppress."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dnnlint.diagnostic import WHOLE_FILE, Diagnostic, Place
from dnnlint.evidence.source import Unreadable
from dnnlint.examine import Examined, Examiner
from dnnlint.memory import FORGETFUL, Memory
from dnnlint.pool import ALONE, Spread, spread
from dnnlint.rulebook import Rulebook
from dnnlint.script.discover import Discovery, discover, excluded_below, reason
from dnnlint.script.markers import MARKER, OWN_MARKER
from dnnlint.script.source import MAX_BYTES, Unparseable, decode, mentions_framework, neighbours
from dnnlint.settings import Governor
from dnnlint.silence import Silence
from dnnlint.texts import Texts

if TYPE_CHECKING:
    from dnnlint.engine import Spoken
    from dnnlint.examine import SourceReader
    from dnnlint.worker import Recipe


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
    request: Request,
    governor: Governor,
    make_reader: "Callable[[Sequence[str]], SourceReader] | None" = None,
    memory: Memory = FORGETFUL,
    spreading: Spread = ALONE,
) -> Result:
    """Check what is asked for and print nothing."""
    texts = Texts(request.stdin, request.stdin_filename)
    found = _discover(request, governor, texts)
    rulebook = Rulebook(governor, memory)
    rulebook.check_words({os.getcwd(), *(os.path.dirname(path) for path in found.files)})
    run = _Run(texts, rulebook, found, _roots(request), make_reader or _reader)
    for path, why in found.broken:
        run.hear((Unreadable(Place(path, WHOLE_FILE), why),))
    for path in found.files:
        run.take(path)
    run.examine(memory, spreading)
    silence = Silence(texts, rulebook, governor, found.files)
    return Result(
        diagnostics=tuple(run.judged(silence)),
        files=tuple(map(texts.name, found.files)),
        read=len(run.training),
        unreadable=tuple(sorted(map(texts.name, run.unreadable))),
        silenced=silence.count,
        notebooks=tuple(map(texts.name, found.notebooks)),
        crashes=tuple(run.crashes),
        lines=texts.lines,
    )


class _Run:
    """The files taken so far, and what the rules say of them."""

    def __init__(
        self,
        texts: Texts,
        rulebook: Rulebook,
        found: Discovery,
        roots: Sequence[str],
        make_reader: "Callable[[Sequence[str]], SourceReader]",
    ) -> None:
        self._texts = texts
        self._rulebook = rulebook
        self._governed = [*found.files, *(path for path, _ in found.broken)]
        self._roots = roots
        self._examiner = Examiner(lambda: make_reader(roots), lambda: rulebook.on_in(self._governed))
        self._spoken: list[Spoken] = []
        self._marked: list[str] = []
        self._speakers: dict[str, bool] = {}
        self.training: list[tuple[str, bytes]] = []
        self.unreadable: set[str] = set()
        self.crashes: list[str] = []

    def take(self, path: str) -> None:
        """Look whether a file speaks of training; one that does is examined later, with the others."""
        try:
            data = self._texts.data(path)
        except OSError as error:
            self.hear((Unreadable(Place(path, WHOLE_FILE), reason(error)),))
            return
        trains = mentions_framework(data) or any(map(self._speaks, neighbours(path, data)))
        if (MARKER if trains else OWN_MARKER).search(data):
            self._marked.append(path)
        if trains:
            self.training.append((path, data))
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

    def hear(self, facts: Iterable[object]) -> None:
        """Ask the rules about facts."""
        self._take_in(self._examiner.hear(facts))

    def examine(self, memory: Memory, spreading: Spread) -> None:
        """Examine what speaks of training, unless it is remembered."""
        if not self.training:
            return
        results = memory.results(self._rulebook, self._governed, self._roots, self._texts.data)
        waiting = []
        for path, data in self.training:
            known = results.find(path, data)
            if known is not None:
                self._take_in(known)
            else:
                waiting.append((path, data))
        try:
            for path, data, examined in spread(waiting, self._examiner, self._recipe, spreading):
                self._take_in(examined)
                results.keep(path, data, examined)
        finally:
            results.write()

    def _recipe(self) -> "Recipe":
        from dnnlint.worker import Recipe

        return Recipe(tuple(self._roots), self._rulebook.codes_on(self._governed))

    def _take_in(self, examined: Examined) -> None:
        self._spoken += examined.spoken
        self.unreadable.update(examined.unreadable)
        self.crashes += [examined.crash] if examined.crash else []

    def judged(self, silence: Silence) -> list[Diagnostic]:
        """Locate and word what was found, less what is silenced, plus what silenced nothing."""
        if not self._spoken and not self._marked:
            return []
        from dnnlint.engine import settle

        kept = [diagnostic for diagnostic in settle(map(self._named, self._spoken)) if silence.keeps(diagnostic)]
        readable = [path for path in self._marked if path not in self.unreadable]
        late = self._examiner.hear(silence.unused(readable)).spoken
        kept += [diagnostic for diagnostic in settle(map(self._named, late)) if silence.allows(diagnostic)]
        return sorted(kept, key=lambda diagnostic: (diagnostic.filename, diagnostic.span, diagnostic.code))

    def _named(self, spoken: "Spoken") -> "Spoken":
        """A finding whose files are called as the user knows them."""
        one = spoken.diagnostic
        related = tuple(other._replace(filename=self._texts.name(other.filename)) for other in one.related)
        return spoken._replace(diagnostic=one._replace(filename=self._texts.name(one.filename), related=related))


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
