"""Compare what dnnlint finds in real repositories with the judged list.

    python tests/primer/run.py FOLDER

FOLDER holds checkouts at the commits that README.md names, each called as the last part of its repository's
name. Ends with 1 if a finding is new or a true one is missing, and with 2 if there is nothing to compare.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

LIST = Path(__file__).with_name("judged.json")
SCOPES = {"pytorch_geometric": "examples"}  # the rest of it is a library, and large
TIMEOUT = 900  # seconds a repository


class Finding(NamedTuple):
    """One place that dnnlint names; a repository by the last part of its name."""

    repository: str
    path: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.repository}/{self.path}:{self.line} {self.code}"


class Difference(NamedTuple):
    """How a run and the list disagree."""

    new: list[Finding]
    gone: list[Finding]
    missing: list[Finding]  # gone, though judged to be true

    @property
    def fails(self) -> bool:
        return bool(self.new or self.missing)


class RunError(Exception):
    """dnnlint gave no answer about a repository."""


def read_list(path: Path = LIST) -> dict[Finding, str]:
    """Verdicts by finding."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {
        Finding(entry["repository"].rpartition("/")[2], entry["path"], entry["line"], entry["code"]): entry["verdict"]
        for entry in entries
    }


def check(repository: Path) -> set[Finding]:
    """What dnnlint finds in one checkout."""
    scope = SCOPES.get(repository.name, ".")
    command = [sys.executable, "-m", "dnnlint", "check", scope]
    command += ["--isolated", "--output-format", "json", "--exit-zero"]
    try:
        result = subprocess.run(command, cwd=repository, capture_output=True, encoding="utf-8", timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise RunError(f"{repository.name}: dnnlint took longer than {TIMEOUT} s") from None
    if result.returncode:
        raise RunError(f"{repository.name}: dnnlint ended with {result.returncode}: {result.stderr.strip()}")
    return {
        Finding(repository.name, found["filename"], found["location"]["row"], found["code"])
        for found in json.loads(result.stdout)
    }


def compare(found: set[Finding], judged: dict[Finding, str], repositories: Iterable[str]) -> Difference:
    """New and gone findings; the list is held against the repositories that were read, and no others."""
    names = set(repositories)
    gone = sorted(entry for entry in judged if entry.repository in names and entry not in found)
    return Difference(
        new=sorted(found - judged.keys()),
        gone=[entry for entry in gone if judged[entry] != "true"],
        missing=[entry for entry in gone if judged[entry] == "true"],
    )


def report(difference: Difference) -> None:
    """Print one line for each difference."""
    for word, findings in zip(("new", "gone", "MISSING"), difference, strict=True):
        for finding in findings:
            print(f"{word:8}{finding}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description="Compare findings in real repositories with the judged list.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the repositories are checked out")
    folder: Path = parser.parse_args(arguments).folder
    checkouts = sorted(entry for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []
    if not checkouts:
        print(f"no repositories in {folder}", file=sys.stderr)
        return 2
    judged = read_list()
    found: set[Finding] = set()
    read: list[str] = []
    broken = False
    for checkout in checkouts:
        try:
            found |= check(checkout)
            read.append(checkout.name)
        except RunError as error:
            print(error, file=sys.stderr)
            broken = True
    difference = compare(found, judged, read)
    report(difference)
    print(f"{len(read)} repositories, {len(found)} findings, {len(difference.new)} new, ", end="")
    print(f"{len(difference.gone)} gone, {len(difference.missing)} true ones missing")
    return 1 if difference.fails or broken else 0


if __name__ == "__main__":
    sys.exit(main())
