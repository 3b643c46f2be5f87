"""Entry points of installed distributions, found without ``importlib.metadata``.

Importing that module costs more than half of what a cold check may cost beyond its parse; a look into the
``*.dist-info`` folders on ``sys.path`` costs a millisecond or two.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class EntryPoint(NamedTuple):
    """One advertised object of a distribution."""

    name: str
    module: str
    attribute: str  # dotted path inside the module, "" for the module itself
    distribution: str  # name and version, as they stand in the folder's name


def entry_points(group: str, path: Sequence[str] | None = None) -> list[EntryPoint]:
    """Entry points of one group; as for imports, the first distribution of a name on the path wins."""
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for folder in sys.path if path is None else path:
        for stem, file in _distributions(folder or os.curdir):
            name, _, version = stem.partition("-")
            key = name.lower().replace(".", "_")
            if key not in seen:
                seen.add(key)
                found += _parse(_read(file), group, f"{name} {version}".strip())
    return sorted(found)


def _distributions(folder: str) -> Iterator[tuple[str, str]]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    except OSError:  # a zip archive, or a folder that is gone
        return
    for name in names:
        yield name.rpartition(".")[0], os.path.join(folder, name, "entry_points.txt")


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:  # most distributions advertise nothing
        return ""


def _parse(text: str, group: str, distribution: str) -> Iterator[EntryPoint]:
    if group not in text:
        return
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif section == group and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            module, _, attribute = value.partition("[")[0].partition(":")
            yield EntryPoint(name.strip(), module.strip(), attribute.strip(), distribution)
