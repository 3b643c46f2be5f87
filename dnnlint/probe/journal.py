"""Findings on disk while the script still runs: one JSON object a line, so that a kill loses nothing."""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dnnlint.cache import folder


def default_path(script: str) -> str:
    """A file of its own for every run, in the cache folder of the working directory."""
    stem = os.path.splitext(os.path.basename(script))[0]
    return os.path.join(folder.NAME, "probe", f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.jsonl")


class Journal:
    """A file that lines are added to, by the process that made it alone.

    It is opened anew for every write, so the script's own file descriptors are numbered as without it.
    """

    def __init__(self, path: str, complain: Callable[[str], object]) -> None:
        self.path = os.path.abspath(path)
        self._complain = complain
        self._owner = os.getpid()
        self._works = True

    def open(self, in_cache: bool) -> bool:
        """Make the file; False if that fails, which is told once and stops nothing."""
        try:
            if in_cache:
                folder.make(*os.path.split(os.path.dirname(self.path)))
            self._append(b"")
        except OSError as error:
            self._fail(error)
        return self._works

    def write(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add lines; nothing in a forked child, nor after a failure."""
        if not self._works or os.getpid() != self._owner:
            return
        try:
            for item in items:
                self._append(json.dumps(item, allow_nan=False).encode() + b"\n")
        except (OSError, ValueError) as error:
            self._fail(error)

    def _append(self, line: bytes) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            if line:
                os.write(file, line)  # a single call: lines of several writers never mix
        finally:
            os.close(file)

    def _fail(self, error: Exception) -> None:
        self._works = False
        reason = error.strerror if isinstance(error, OSError) else str(error)
        self._complain(f"warning: findings are not kept while the script runs: {self.path}: {reason}")
