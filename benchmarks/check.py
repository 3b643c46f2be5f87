"""Measure ``dnnlint check`` against bare parsing, against torchfix, and against itself, in one run.

    python benchmarks/check.py TREE [--torchfix PYTHON] [--script FILE] [--large TREE] [--rounds N]

Every figure is of whole processes: user and system time with all their workers, the wall clock, and the peak
memory of the largest. Each round runs all contestants one after the other; ratios are taken within a round, and
their median is printed, so that a busy machine spoils none of them.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

BARE = """
import sys, libcst
for path in open(sys.argv[1], encoding="utf-8").read().split("\\0"):
    with open(path, "rb") as file:
        data = file.read()
    try:
        libcst.parse_module(data)
    except Exception:
        pass
"""
TWELVE = "DNN101,DNN201,DNN203,DNN207,DNN301,DNN401,DNN511,DNN512,DNN601,DNN602,DNN606,DNN801"
SCRIPT = str(Path(sys.executable).with_name("dnnlint"))  # as it is installed next to this interpreter
CHECK = (SCRIPT, "check", "--isolated", "--exit-zero", "--output-format", "concise")
COLD = (*CHECK, "--no-cache", "--jobs", "1")

# An installed package has its byte code; a checkout gets it in the round that is not counted.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Usage(NamedTuple):
    """What one process and its workers took."""

    cpu: float  # seconds, user and system
    wall: float  # seconds
    peak: float  # MiB


class Contestant(NamedTuple):
    """A command that is measured."""

    name: str
    command: tuple[str, ...]
    succeeds: tuple[int, ...] = (0,)


class Figure(NamedTuple):
    """A ratio that is asked for: of one contestant to another, or their difference."""

    label: str
    field: str  # of Usage
    over: str
    under: str
    target: str


def main() -> None:
    """Measure a tree, one script of it, a commit without torch, and a large tree on two processes."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        _tree(options, Path(folder))
        _script(options, Path(folder))
        _plain(options, Path(folder))
        if options.large:
            _large(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure dnnlint check against bare parsing, torchfix and itself.")
    parser.add_argument("tree", type=Path, metavar="TREE", help="folder of training scripts")
    parser.add_argument("--torchfix", metavar="PYTHON", help="interpreter of an environment that has torchfix")
    parser.add_argument("--script", type=Path, help="the single script (default: the one of TREE nearest to 150 lines)")
    parser.add_argument("--large", type=Path, metavar="TREE", help="folder of some hundred files, for two processes")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _tree(options: argparse.Namespace, folder: Path) -> None:
    files = _mentioning_torch(options.tree)
    if not files:
        sys.exit(f"{options.tree}: no Python file mentions torch")
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{options.tree}: {len(files)} files mention torch, {size:.2f} MB; {options.rounds} rounds")
    tree = str(options.tree)
    contestants = [
        Contestant("bare libcst parse", _bare(files, folder)),
        Contestant("all rules", (*COLD, tree)),
        Contestant("twelve rules", (*COLD, "--select", TWELVE, tree)),
        Contestant("nothing changed", (*CHECK, "--cache-dir", str(folder / "cache"), tree)),
        Contestant("interpreter", (sys.executable, "-c", "pass")),
    ]
    figures = [
        Figure("all rules / bare parse, CPU", "cpu", "all rules", "bare libcst parse", "at most 1.3"),
        Figure("all rules / bare parse, memory", "peak", "all rules", "bare libcst parse", "at most 1.3"),
        Figure("twelve rules / bare parse, CPU", "cpu", "twelve rules", "bare libcst parse", "at most 1.6"),
        Figure("all rules / twelve rules, CPU", "cpu", "all rules", "twelve rules", "at most 1.25"),
        Figure("all rules / nothing changed, CPU", "cpu", "all rules", "nothing changed", "at least 100"),
    ]
    if options.torchfix:
        # Its exit status is 1 where it could not read a file.
        contestants.append(Contestant("torchfix", (options.torchfix, "-m", "torchfix", tree), succeeds=(0, 1)))
        figures.append(Figure("torchfix / all rules, CPU", "cpu", "torchfix", "all rules", "at least 15"))
    _print(contestants, figures, options.rounds)


def _script(options: argparse.Namespace, folder: Path) -> None:
    files = _mentioning_torch(options.tree)
    script = options.script or min(files, key=lambda file: (abs(_rows(file) - 150), file))
    print(f"\n{script}: {_rows(script)} lines, cold")
    contestants = [
        Contestant("bare libcst parse", _bare([script], folder)),
        Contestant("all rules", (*COLD, str(script))),
    ]
    figures = [Figure("all rules / bare parse, CPU", "cpu", "all rules", "bare libcst parse", "at most 1.3")]
    _print(contestants, figures, options.rounds)


def _plain(options: argparse.Namespace, folder: Path) -> None:
    """A commit that touches no torch code: some modules of the standard library."""
    commit = folder / "commit"
    commit.mkdir()
    for path in sorted(Path(json.__file__).parent.glob("*.py")):
        shutil.copy(path, commit)
    print(f"\na commit of {len(list(commit.iterdir()))} files that touch no torch code, cold")
    contestants = [
        Contestant("interpreter", (sys.executable, "-c", "pass")),
        Contestant("all rules", (*COLD, str(commit))),
    ]
    figures = [Figure("all rules - interpreter, wall", "wall", "all rules", "interpreter", "under 40 ms")]
    _print(contestants, figures, options.rounds)


def _large(options: argparse.Namespace) -> None:
    print(f"\n{options.large}: one process and two")
    cold = (*CHECK, "--no-cache", str(options.large), "--jobs")
    contestants = [Contestant("one process", (*cold, "1")), Contestant("two processes", (*cold, "2"))]
    figures = [Figure("one process / two, wall", "wall", "one process", "two processes", "at least 1.7")]
    _print(contestants, figures, max(1, options.rounds // 2))


def _bare(files: Sequence[Path], folder: Path) -> tuple[str, ...]:
    names = folder / f"files {len(files)}"
    names.write_text("\0".join(map(str, files)), encoding="utf-8")
    return (sys.executable, "-c", BARE, str(names))


def _mentioning_torch(tree: Path) -> list[Path]:
    return sorted(path for path in tree.rglob("*.py") if path.is_file() and b"torch" in path.read_bytes())


def _rows(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _rounds(contestants: Sequence[Contestant], count: int) -> Iterator[dict[str, Usage]]:
    """Yield the rounds; one before them fills the caches of the disk, of the interpreter and of dnnlint."""
    for number in range(count + 1):
        found = {contestant.name: _measure(contestant) for contestant in contestants}
        if number:
            yield found


def _measure(contestant: Contestant) -> Usage:
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = subprocess.Popen(contestant.command, stdout=output, stderr=subprocess.STDOUT, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in contestant.succeeds:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-2000:]
            sys.exit(f"{contestant.name} ended with status {process.returncode}:\n{tail}")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


def _print(contestants: Sequence[Contestant], figures: Sequence[Figure], count: int) -> None:
    rounds = list(_rounds(contestants, count))
    print(f"{'':20}{'CPU s':>9}{'wall s':>9}{'peak MiB':>10}")
    for contestant in contestants:
        own = [usages[contestant.name] for usages in rounds]
        cpu, wall, peak = (statistics.median(values) for values in zip(*own, strict=True))
        print(f"{contestant.name:20}{cpu:9.3f}{wall:9.3f}{peak:10.1f}")
    for figure in figures:
        print(f"{figure.label:34}{_figure(figure, rounds):>10}  ({figure.target})")


def _figure(figure: Figure, rounds: Sequence[dict[str, Usage]]) -> str:
    """Return the median, over the rounds, of a ratio, or of a difference in milliseconds."""
    pairs = [(getattr(one[figure.over], figure.field), getattr(one[figure.under], figure.field)) for one in rounds]
    if " - " in figure.label:
        return f"{1e3 * statistics.median(over - under for over, under in pairs):.0f} ms"
    return f"{statistics.median(over / under for over, under in pairs):.2f}"


if __name__ == "__main__":
    main()
