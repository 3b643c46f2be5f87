"""One run under the probe: what happens when torch arrives, when something is found, and when the script is over.

Nothing in here may fail the script: whatever goes wrong is one line of warning.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO, TypeVar

from dnnlint.cli.output import as_text, tell, write
from dnnlint.cli.probe_record import conclusion, record
from dnnlint.diagnostic import Diagnostic, Severity, Site, Span
from dnnlint.probe.endings import remember_interrupt
from dnnlint.probe.journal import Journal, default_path
from dnnlint.probe.launch import Program
from dnnlint.report.json import item, run_as_json
from dnnlint.settings import Governor
from dnnlint.watched import Watched

if TYPE_CHECKING:
    from dnnlint.engine import Verdict
    from dnnlint.probe.session import Session

T = TypeVar("T")


class Wishes(NamedTuple):
    """What the command line asks for."""

    steps: int
    stop_after: bool
    reads: bool  # the script's source as well
    fail_on: str
    output_format: str
    output_file: str | None  # absolute
    journal: str | None
    color: str
    quiet: bool


class ProbeRun:
    """Everything that dnnlint does around one run of a script; nothing in forked children."""

    def __init__(self, program: Program, path: str, governor: Governor, wishes: Wishes) -> None:
        self._process = os.getpid()
        self._program = program
        self._path = path
        self._governor = governor
        self._wishes = wishes
        self._here, self._import_path = os.getcwd(), [*sys.path]
        self._out, self._err = sys.stdout, sys.stderr  # the script may replace them
        self._speaks = _number("RANK", 0) == 0
        self._processes = _number("WORLD_SIZE", 1)
        self._watched = Watched(path, governor)
        self._rules = self._watched.rules()
        self._journal: Journal | None = None
        self._session: Session | None = None
        self._diagnostics: Sequence[Diagnostic] | None = None  # once the script is over
        self._interrupted = False

    def start(self) -> None:
        """Say what is going to be watched and where findings are kept."""
        if self._speaks:
            self._attempt(self._announce, None)

    def attach(self) -> None:
        """Begin to watch: torch is there."""
        if self._rules:
            self._attempt(self._attach, None)

    def script_failed(self, error: BaseException) -> None:
        """The script ends in an exception, of which rules may want to know."""
        self._interrupted = type(error) is KeyboardInterrupt
        session = self._session
        if session is not None:
            self._attempt(lambda: session.failure(error), None)

    def has_failed(self) -> bool:
        """Whether findings are to turn the exit status 0 into 1; if so, watching ends with the main thread."""
        if self._wishes.fail_on == "never" or self._processes > 1:
            return False
        self.finish()
        threshold = Severity(self._wishes.fail_on).rank
        return any(diagnostic.severity.rank >= threshold for diagnostic in self._diagnostics or ())

    def finish(self) -> None:
        """The script is over: judge, read its source, report; only the first call counts."""
        if self._diagnostics is not None:
            return
        self._diagnostics = ()
        try:
            self._attempt(self._finish, None)
        except KeyboardInterrupt:
            self._tell("interrupted before everything was reported")
        if self._interrupted:
            remember_interrupt()

    def _attempt(self, act: Callable[[], T], otherwise: T) -> T:
        if os.getpid() != self._process:
            return otherwise
        try:
            return act()
        except Exception as error:
            self._tell(f"warning: dnnlint failed, the script did not: {type(error).__name__}: {error}")
            if os.environ.get("DNNLINT_DEBUG"):
                sys.excepthook(type(error), error, error.__traceback__)
            return otherwise

    def _announce(self) -> None:
        self._journal = Journal(self._wishes.journal or default_path(self._path), self._tell)
        kept = self._journal.open(in_cache=self._wishes.journal is None)
        if self._rules:
            number = self._wishes.steps
            watching = f"watching the first {f'{number} steps' if number > 1 else 'step'} of {self._program.name}"
            where = f"; findings are kept in {self._watched.name(self._journal.path)}" if kept else ""
            self._say(watching + where)
        else:
            self._say("nothing is watched: no selected rule looks at runs")

    def _attach(self) -> None:
        from dnnlint.probe.session import Session

        script = Site(self._path, Span(1, 1, 1, 1))
        stop = self._stop if self._wishes.stop_after else None
        self._session = Session(self._rules, self._wishes.steps, script=script, on_verdicts=self._hear, on_done=stop)
        self._session.attach()

    def _hear(self, verdicts: "list[Verdict]") -> None:
        """Keep what was just found."""
        journal = self._journal
        if journal is not None:
            self._attempt(lambda: journal.write(map(item, self._watched.word(verdicts))), None)

    def _stop(self) -> None:
        """End the script: its steps are watched."""
        import threading

        if os.getpid() == self._process:
            if threading.current_thread() is threading.main_thread():
                raise SystemExit(0)
            self._say("not stopped: it is not the main thread that trains")

    def _finish(self) -> None:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the script may have made errors of them
            if self._session is not None:
                self._attempt(self._session.close, None)
            if self._speaks:
                if self._session is not None:
                    self._attempt(self._session.gather, None)
                with _back_in(self._here, self._import_path):
                    self._diagnostics = self._judged()
                self._report(self._diagnostics)

    def _judged(self) -> list[Diagnostic]:
        from dnnlint.join import join

        session = self._session
        seen: list[Diagnostic] = []
        if session is not None:
            seen = self._attempt(lambda: self._watched.word(session.verdicts), seen)
        return join(self._attempt(self._read, []) if self._wishes.reads else [], seen)

    def _read(self) -> list[Diagnostic]:
        if not os.path.isfile(self._path):  # inside an archive
            return []
        from dnnlint.check import Request, check

        return self._watched.only_checked(check(Request((self._path,)), self._governor).diagnostics)

    def _report(self, diagnostics: Sequence[Diagnostic]) -> None:
        path = self._wishes.output_file
        if path is None:
            self._print(diagnostics, self._err if self._out.closed else self._out)  # closed by the script
        else:
            with open(path, "w", encoding="utf-8") as file:
                write(self._text(diagnostics, file), file)
        if self._rules:
            for line in conclusion(self._session, diagnostics, self._wishes.steps, self._watched.silenced):
                self._say(line)

    def _text(self, diagnostics: Sequence[Diagnostic], stream: TextIO) -> str:
        wishes = self._wishes
        if wishes.output_format != "json":
            return as_text(diagnostics, self._watched.lines, wishes.output_format, wishes.color, stream)
        journal = self._watched.name(self._journal.path) if self._journal is not None else None
        return run_as_json(diagnostics, record(self._program, self._session, journal, self._watched.name))

    def _print(self, diagnostics: Sequence[Diagnostic], stream: TextIO) -> None:
        try:
            write(self._text(diagnostics, stream), stream)
        except BrokenPipeError:  # the reader has seen enough; Python must not try again when it ends
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - it lives as long as the process

    def _say(self, text: str) -> None:
        if not self._wishes.quiet:
            self._tell(text)

    def _tell(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # standard error may be closed by now: nobody listens
            tell(text, self._err)


@contextlib.contextmanager
def _back_in(folder: str, import_path: list[str]) -> Iterator[None]:
    """Name and import files as it was possible before the script ran, which may have changed anything."""
    before = os.getcwd()
    os.chdir(folder)
    sys.path, changed = import_path, sys.path
    try:
        yield
    finally:
        sys.path = changed
        os.chdir(before)


def _number(variable: str, otherwise: int) -> int:
    """What a launcher of several processes tells each of them."""
    value = os.environ.get(variable, "")
    return int(value) if value.isdecimal() else otherwise
