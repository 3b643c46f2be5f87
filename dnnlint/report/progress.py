"""How far a long run is, on a terminal."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_PATIENCE = 1.0  # seconds that nobody needs to be told of


class Progress:
    """A bar that appears when a run takes over a second, and leaves nothing behind."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def show(self, done: int, total: int) -> None:
        """So many files of so many are done."""
        if self._bar is None and time.monotonic() - self._started > _PATIENCE and done < total:
            self._start(total)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)
            self._bar.refresh()  # by hand: a thread for it would be in the way of forked processes

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
        self._task = self._bar.add_task("", total=total)
        self._bar.start()
