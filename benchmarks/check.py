"""Measure ``dnnlint check`` against bare parsing, and against torchfix, in one run.

    python benchmarks/check.py TREE [--torchfix PYTHON] [--script FILE] [--rounds N]

Every figure is of whole processes: user and system time with all their workers, and the peak memory of
the largest. Each round runs all contestants one after the other; ratios are taken within a round, and
their median is printed, so that a busy machine spoils neither.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
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
TARGETS = {"tree": (1.6, 1.3, 12.0), "script": (1.3, 1.3, 0.0)}  # CPU, memory over bare; torchfix over dnnlint

# An installed package has its byte code; a checkout gets it in the round that is not counted.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Usage(NamedTuple):
    """What one process and its workers took."""

    cpu: float  # seconds, user and system
    peak: float  # MiB


class Contestant(NamedTuple):
    """A command that is measured."""

    name: str
    command: tuple[str, ...]
    succeeds: tuple[int, ...] = (0,)


def main() -> None:
    """Measure a tree and one script of it."""
    options = _options()
    files = sorted(_mentioning_torch(options.tree))
    if not files:
        sys.exit(f"{options.tree}: no Python file mentions torch")
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{options.tree}: {len(files)} files mention torch, {size:.2f} MB; {options.rounds} rounds")
    _compare("tree", files, options.tree, options)
    script = options.script or min(files, key=lambda file: (abs(_rows(file) - 150), file))
    print(f"\n{script}: {_rows(script)} lines, cold")
    _compare("script", [script], script, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure dnnlint check against bare parsing and torchfix.")
    parser.add_argument("tree", type=Path, metavar="TREE", help="folder of training scripts")
    parser.add_argument("--torchfix", metavar="PYTHON", help="interpreter of an environment that has torchfix")
    parser.add_argument("--script", type=Path, help="the single script (default: the one of TREE nearest to 150 lines)")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _mentioning_torch(tree: Path) -> Iterator[Path]:
    for path in tree.rglob("*.py"):
        if path.is_file() and b"torch" in path.read_bytes():
            yield path


def _rows(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _compare(kind: str, files: Sequence[Path], target: Path, options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder, "files")
        names.write_text("\0".join(map(str, files)), encoding="utf-8")
        contestants = list(_contestants(names, target, options.torchfix))
        _round(contestants)  # fills the caches of the disk and of the interpreter
        rounds = [_round(contestants) for _ in range(options.rounds)]
    _print(kind, contestants, rounds)


def _contestants(names: Path, target: Path, torchfix: str | None) -> Iterator[Contestant]:
    yield Contestant("bare libcst parse", (sys.executable, "-c", BARE, str(names)))
    check = ("-m", "dnnlint", "check", "--isolated", "--exit-zero", "--output-format", "concise", str(target))
    yield Contestant("dnnlint check", (sys.executable, *check))
    if torchfix:
        # Its exit status is 1 where it could not read a file.
        yield Contestant("torchfix", (torchfix, "-m", "torchfix", str(target)), succeeds=(0, 1))


def _round(contestants: Sequence[Contestant]) -> list[Usage]:
    return [_measure(contestant) for contestant in contestants]


def _measure(contestant: Contestant) -> Usage:
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(contestant.command, stdout=output, stderr=subprocess.STDOUT, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in contestant.succeeds:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-2000:]
            sys.exit(f"{contestant.name} ended with status {process.returncode}:\n{tail}")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def _print(kind: str, contestants: Sequence[Contestant], rounds: Sequence[Sequence[Usage]]) -> None:
    print(f"{'':18}{'CPU s':>9}{'x bare':>9}{'peak MiB':>10}{'x bare':>9}")
    for number, contestant in enumerate(contestants):
        own = [usages[number] for usages in rounds]
        cpu = statistics.median(usage.cpu for usage in own)
        peak = statistics.median(usage.peak for usage in own)
        print(
            f"{contestant.name:18}{cpu:9.3f}{_ratio(rounds, number, 0).cpu:9.2f}"
            f"{peak:10.1f}{_ratio(rounds, number, 0).peak:9.2f}"
        )
    cpu_target, peak_target, rival_target = TARGETS[kind]
    ours = _ratio(rounds, 1, 0)
    print(
        f"dnnlint / bare    CPU {ours.cpu:.2f} (at most {cpu_target}), memory {ours.peak:.2f} (at most {peak_target})"
    )
    if len(contestants) > 2:
        wanted = f" (at least {rival_target:.0f})" if rival_target else ""
        print(f"torchfix / dnnlint  CPU {_ratio(rounds, 2, 1).cpu:.1f}{wanted}")


def _ratio(rounds: Sequence[Sequence[Usage]], number: int, other: int) -> Usage:
    """Return the medians, over the rounds, of what one contestant took over another."""
    pairs = [(usages[number], usages[other]) for usages in rounds]
    return Usage(
        statistics.median(one.cpu / two.cpu for one, two in pairs),
        statistics.median(one.peak / two.peak for one, two in pairs),
    )


if __name__ == "__main__":
    main()
