"""Short names for states: of what is installed, of folders of code that are worked on."""

import os
import sys
from collections.abc import Iterable, Iterator

from dnnlint.digest import digest

_INSTALLED = ("site-packages", "dist-packages")


def environment() -> str:
    """Stands for Python and all installed distributions, by name and version: the same wherever these are the same."""
    names = sorted({name for folder in sys.path for name in _distributions(folder)})
    return digest(sys.version.encode(), *map(os.fsencode, names))


def is_installed(folder: str) -> bool:
    """Whether the code of a folder belongs to an installed distribution, and changes with its version alone."""
    return any(part in _INSTALLED for part in folder.split(os.sep))


def code(folders: Iterable[str]) -> str:
    """Stands for the Python files below some folders, by size and time: for code that is worked on."""
    return digest(*(os.fsencode(f"{path}:{size}:{time}") for folder in folders for path, size, time in _files(folder)))


def _distributions(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder or os.curdir) as entries:
            yield from (entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    except OSError:  # an archive, or a folder that is gone
        return


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in inside:
        if entry.name.endswith(".py"):
            status = entry.stat()
            yield entry.path, status.st_size, status.st_mtime_ns
        elif entry.name != "__pycache__" and entry.is_dir():
            yield from _files(entry.path)
