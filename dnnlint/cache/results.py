"""What was found in each file, remembered as long as the file and all that was looked up for it stay as they are."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from dnnlint.cache import folder, records
from dnnlint.digest import digest
from dnnlint.examine import Examined

_MOST_KEPT = 12  # files of results: one for each choice of rules and roots
_BETWEEN_WRITES = 10.0  # seconds, so that a kill loses little

Entry = list[Any]  # digest of the file, digests of its inputs, what was found


class Results:
    """Results under one key; what cannot be read or written is as if it had never been kept."""

    def __init__(self, cache: str, key: str, read: Callable[[str], bytes]) -> None:
        self._cache = cache
        self._path = os.path.join(cache, "check", f"{key}.json")
        self._read = read
        self._entries = self._load()
        self._fresh: dict[str, Entry] = {}
        self._digests: dict[str, str | None] = {}
        self._written = time.monotonic()

    def find(self, path: str, data: bytes) -> Examined | None:
        """What was found in a file, if nothing has changed that it depends on."""
        entry = self._entries.get(path)
        if entry is None:
            return None
        try:
            content, inputs, found = entry
            if content != digest(data) or not self._are_current(inputs):
                return None
            return records.restored(found)
        except (TypeError, ValueError, AttributeError, LookupError):  # somebody else's file, or half a one
            return None

    def keep(self, path: str, data: bytes, examined: Examined) -> None:
        """Remember what was found in a file; on disk at the latest when `write` is called."""
        if examined.crash:
            return
        inputs = dict(examined.inputs)
        self._fresh[path] = [digest(data), inputs, records.plain(examined)]
        if time.monotonic() - self._written > _BETWEEN_WRITES:
            self.write()

    def write(self) -> None:
        """Put what is new on disk, beside what other processes have put there meanwhile."""
        if not self._fresh:
            return
        with contextlib.suppress(OSError, ValueError):  # a disk that is full or not ours, a value unknown to JSON
            home = folder.make(self._cache, "check")
            folder.replace(self._path, self._merged)
            _forget_old(home, self._path)
        self._fresh = {}
        self._written = time.monotonic()

    def _merged(self) -> str:
        known = {path: entry for path, entry in self._load().items() if os.path.isfile(path)}
        text = json.dumps({**known, **self._fresh}, separators=(",", ":"))
        return f"{digest(text.encode())}\n{text}"

    def _load(self) -> dict[str, Entry]:
        try:
            with open(self._path, "rb") as file:
                said, _, text = file.read().partition(b"\n")
            entries = json.loads(text) if said == digest(text).encode() else {}
        except (OSError, ValueError, RecursionError):
            return {}
        return entries if isinstance(entries, dict) else {}

    def _are_current(self, inputs: Mapping[str, str | None]) -> bool:
        return all(self._digest(path) == content for path, content in inputs.items())

    def _digest(self, path: str) -> str | None:
        if path not in self._digests:
            try:
                self._digests[path] = digest(self._read(path))
            except OSError:
                self._digests[path] = None
        return self._digests[path]


def _forget_old(home: str, newest: str) -> None:
    """Remove results that were wanted longest ago, and what killed processes left behind."""
    with os.scandir(home) as entries:
        files = sorted((entry.stat().st_mtime, entry.path) for entry in entries)
    an_hour_ago = time.time() - 3600
    stale = [path for at, path in files if path.endswith(".tmp") and at < an_hour_ago]
    kept = [path for _, path in files if path.endswith(".json") and path != newest]
    for path in stale + kept[: max(0, len(kept) + 1 - _MOST_KEPT)]:
        os.remove(path)
