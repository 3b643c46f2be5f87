"""Build the seeded programs: every kind of fault in every network that it fits.

    python -m tests.probe.seeded.build FOLDER

writes FOLDER/<kind>/<network>/main.py, and the other files of a network that has several.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.probe.seeded.faults import data, initialisation, loss, network, optimisation, step
from tests.probe.seeded.kinds import Kind
from tests.probe.seeded.patch import MARK, Files, apply

NETWORKS = Path(__file__).with_name("networks")
KINDS: tuple[Kind, ...] = tuple(
    kind for family in (data, network, initialisation, loss, optimisation, step) for kind in family.KINDS
)


class Watched(NamedTuple):
    """A line that the finding of a rule may point to."""

    file: str
    line: int
    rule: str


class Program(NamedTuple):
    """A complete script with one fault in it."""

    kind: Kind
    network: str
    files: Files

    @property
    def name(self) -> str:
        return f"{self.kind.name}/{self.network}"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """The lines that are marked in its files."""
        return tuple(
            Watched(name, number, line.partition(MARK)[2].strip())
            for name, text in self.files.items()
            for number, line in enumerate(text.splitlines(), 1)
            if MARK in line
        )

    def write(self, folder: Path) -> Path:
        """Write its files below a folder; returns the script to run."""
        home = folder / self.name
        home.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (home / name).write_text(text, encoding="utf-8")
        return home / "main.py"


def read_network(name: str) -> dict[str, str]:
    """The files of a healthy network; a network of one file is its own main.py."""
    single = NETWORKS / f"{name}.py"
    if single.exists():
        return {"main.py": single.read_text(encoding="utf-8")}
    return {file.name: file.read_text(encoding="utf-8") for file in sorted((NETWORKS / name).glob("*.py"))}


def programs() -> Iterator[Program]:
    """All of them, kind by kind."""
    for kind in KINDS:
        for variant in kind.variants:
            for name in variant.networks:
                try:
                    files = apply(read_network(name), variant.edits, kind.rule)
                except ValueError as error:
                    raise ValueError(f"{kind.name} does not fit {name}: {error}") from error
                yield Program(kind, name, files)


if __name__ == "__main__":
    for program in programs():
        print(program.write(Path(sys.argv[1])))
