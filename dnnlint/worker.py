"""One process that examines files: what it is made from, how it is asked, and how it ends.

The standard library's pools keep threads, which must not be there when a process forks, and which may wait for
ever for a process that was killed. A pipe to each process needs neither.
"""

import multiprocessing
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.errors import DnnlintError
from dnnlint.examine import Examined, Examiner

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from dnnlint.examine import SourceReader
    from dnnlint.rule import Rule

File = tuple[str, bytes]
Done = tuple[str, bytes, Examined]


class Recipe(NamedTuple):
    """What a process needs to make an examiner of its own."""

    roots: tuple[str, ...]
    codes: frozenset[str]

    def make(self) -> Examiner:
        """Build the examiner; rules are loaded when there is something to judge."""
        return Examiner(lambda: _reader(self.roots), self._rules)

    def _rules(self) -> "list[Rule]":
        from dnnlint.packs import load_rules

        return [rule for rule in load_rules() if rule.code in self.codes]


class Worker:
    """A process, the pipe to it, and the files it is at."""

    def __init__(self, recipe: Recipe) -> None:
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.task: list[File] = []
        self.connection, inner = context.Pipe()
        self._process = context.Process(target=_work, args=(recipe, inner), daemon=True)
        with _uninterrupted():
            self._process.start()
        inner.close()  # so that the pipe ends where the process does

    def give(self, files: list[File]) -> None:
        """Have it examine files."""
        self.task = files
        try:
            self.connection.send(files)
        except OSError:  # it died meanwhile, which its answer will tell
            return

    def answer(self) -> list[Done] | None:
        """What it found; None if it died. An error of a rule is raised here."""
        try:
            answer: list[Done] | str = self.connection.recv()
        except (EOFError, OSError):
            return None
        if isinstance(answer, str):
            raise DnnlintError(answer)
        return answer

    def end(self) -> None:
        """Let it not outlive the run, whatever it is at."""
        self._process.kill()
        self._process.join()
        self.connection.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put off an interrupt: a new process inherits that, and only its parent is to be interrupted."""
    if sys.platform == "win32":
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _work(recipe: Recipe, connection: "Connection[object, list[File]]") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    examiner = recipe.make()
    while True:
        try:
            files = connection.recv()
        except EOFError:  # nobody is left to ask
            return
        connection.send(_answer(examiner, files))


def _answer(examiner: Examiner, files: list[File]) -> list[Done] | str:
    try:
        return [(path, data, examiner.examine(path, data)) for path, data in files]
    except DnnlintError as error:  # of several arguments, so it cannot travel itself
        return str(error)


def _reader(roots: Sequence[str]) -> "SourceReader":
    from dnnlint.script.reader import Reader

    return Reader(roots)
