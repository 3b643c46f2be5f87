"""Measure the probe: healthy programs on which it must be silent, and faults that it must find.

    python -m tests.probe.suites clean|seeded|bare [--only REGEX] [-j N] [--static]

``clean`` counts errors and warnings in programs where there is nothing to find, the networks of the seeded suite
before any fault among them. ``seeded`` counts, for each kind of fault, programs in which anything was found, in
which the right rule spoke, and in which it spoke at a line that is marked for it. ``bare`` runs the healthy
programs without the probe. Torch and dnnlint must be installed beside the Python that runs this.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import IO, NamedTuple, Self

from tests.probe.seeded.build import NETWORKS, Program, programs

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
DISTRIBUTED = ("ddp", "fsdp2")
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
SLOW = ("compile_inductor",)  # compiles C++ for half a minute; run by hand, not by the tests
LEAST = (0.9, 0.9, 0.85)  # shares of seeded programs: detected, by the right rule, at the right line


class Script(NamedTuple):
    """One script to run, healthy or not."""

    name: str
    path: Path
    fault: Program | None = None


class Finding(NamedTuple):
    """One error or warning; its file as a name below the script's folder."""

    rule: str
    severity: str
    file: str
    line: int
    source: str

    def __str__(self) -> str:
        return f"{self.severity} {self.rule} {self.file}:{self.line} ({self.source})"


class Outcome(NamedTuple):
    """What a run showed."""

    script: Script
    status: int
    seconds: float
    output: str
    findings: tuple[Finding, ...] | None  # None if the probe wrote no report

    @property
    def ended_well(self) -> bool:
        """The exit status and the report are as they should be."""
        crashes = self.script.fault is not None and self.script.fault.kind.crashes
        return self.findings is not None and (self.status != 0) == crashes

    @property
    def score(self) -> tuple[bool, bool, bool]:
        """Whether a seeded fault was detected, by the right rule, at a marked line."""
        assert self.script.fault is not None
        found = self.findings or ()
        right = [finding for finding in found if finding.rule == self.script.fault.kind.rule]
        lines = {(mark.file, mark.line) for mark in self.script.fault.watched}
        return bool(found), bool(right), any((finding.file, finding.line) in lines for finding in right)

    def count(self, severity: str) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings or ())


def clean_scripts() -> Iterator[Script]:
    """The healthy programs: those written as such, and the networks that faults are planted into."""
    for folder in (HERE / "clean", NETWORKS):
        prefix = "" if folder.name == "clean" else "seeded-"
        for path in sorted(folder.glob("*.py")):
            yield Script(prefix + path.stem, path)
        for path in sorted(folder.glob("*/main.py")):
            yield Script(prefix + path.parent.name, path)


def seeded_scripts(folder: Path) -> Iterator[Script]:
    """The faulty programs, written below a folder."""
    for program in programs():
        yield Script(program.name, program.write(folder), program)


class Pool:
    """Warm processes that scripts are run in, and a folder for what they leave."""

    def __init__(self, size: int, probe: bool = True, static: bool = False) -> None:
        self.probe, self.static, self.size = probe, static, size
        self._folder = tempfile.TemporaryDirectory()
        self._warm: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        for _ in range(self.size):
            command = [sys.executable, "-m", "tests.probe.warm"]
            warm = subprocess.Popen(command, cwd=ROOT, env=_environment(), text=True, stdin=-1, stdout=-1)
            self._started.append(warm)
            self._warm.put(warm)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for warm in self._started:
            _stream(warm.stdin).close()
            warm.wait()
            _stream(warm.stdout).close()
        self._folder.cleanup()

    def run_all(self, scripts: Iterable[Script]) -> Iterator[Outcome]:
        """Run scripts side by side; outcomes come in their order."""
        with ThreadPoolExecutor(self.size) as threads:
            yield from threads.map(self.run, scripts)

    def run(self, script: Script) -> Outcome:
        """Run one script to its end."""
        home = Path(tempfile.mkdtemp(dir=self._folder.name))
        report = home / "report.json"
        arguments = [*self._verb(report), str(script.path)]
        warm = self._warm.get()
        try:
            run = _by_torchrun if script.name in DISTRIBUTED else _in_child
            status, seconds = run(warm, arguments, script.path.parent, home / "output", self.probe)
        finally:
            self._warm.put(warm)
        output = (home / "output").read_text(encoding="utf-8", errors="replace")
        return Outcome(script, status, seconds, output, _findings(report, script.path.parent) if self.probe else ())

    def _verb(self, report: Path) -> list[str]:
        if not self.probe:
            return []
        static = [] if self.static else ["--no-static"]
        return ["probe", *static, "--output-format", "json", "-o", str(report)]


def _in_child(
    warm: subprocess.Popen[str], arguments: list[str], folder: Path, output: Path, probe: bool
) -> tuple[int, float]:
    job = {"arguments": arguments, "folder": str(folder), "output": str(output), "probe": probe}
    stdin, stdout = _stream(warm.stdin), _stream(warm.stdout)
    stdin.write(json.dumps(job) + "\n")
    stdin.flush()
    status, seconds = json.loads(stdout.readline())
    return status, seconds


def _by_torchrun(
    warm: subprocess.Popen[str], arguments: list[str], folder: Path, output: Path, probe: bool
) -> tuple[int, float]:
    start = time.perf_counter()
    command = [sys.executable, *TORCHRUN, *(("-m", "dnnlint") if probe else ()), *arguments]
    with output.open("w") as file:
        done = subprocess.run(command, cwd=folder, env=_environment(), stdout=file, stderr=file, timeout=200)
    return done.returncode, time.perf_counter() - start


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _findings(report: Path, folder: Path) -> tuple[Finding, ...] | None:
    if not report.exists():
        return None
    items = json.loads(report.read_text(encoding="utf-8"))["findings"]
    return tuple(
        Finding(
            item["name"],
            item["severity"],
            os.path.relpath(folder / item["filename"], folder),
            item["location"]["row"],
            item["source"],
        )
        for item in items
        if item["severity"] != "advice"
    )


def show_clean(outcomes: Iterable[Outcome]) -> bool:
    """Print each program's findings and the sums; tells whether they are within the limits."""
    errors = warnings = noisy = broken = 0
    for outcome in outcomes:
        _show(outcome)
        errors += outcome.count("error")
        warnings += outcome.count("warning")
        noisy += outcome.count("warning") > 1
        broken += not outcome.ended_well
    print(f"\n{errors} errors, {warnings} warnings, {noisy} programs with several warnings, {broken} ended badly")
    return not errors and not noisy and not broken


def show_seeded(outcomes: Iterable[Outcome]) -> bool:
    """Print what was found in each program, and a table by kinds; tells whether the shares are reached."""
    scores: dict[tuple[str, str], list[tuple[bool, bool, bool]]] = {}
    joined = 0
    for outcome in outcomes:
        _show(outcome)
        assert outcome.script.fault is not None
        kind = outcome.script.fault.kind
        scores.setdefault((kind.name, kind.rule), []).append(outcome.score)
        joined += any(finding.source == "both" for finding in outcome.findings or ())
    print(f"\n{'kind':32}{'rule':40}{'programs':>9}{'detected':>9}{'rule':>6}{'line':>6}")
    for (name, rule), rows in scores.items():
        print(f"{name:32}{rule:40}{len(rows):9}" + "".join(f"{sum(column):7}" for column in zip(*rows, strict=True)))
    shares = overall([row for rows in scores.values() for row in rows])
    print(
        "overall: "
        + ", ".join(f"{share:.3f} {word}" for share, word in zip(shares, ("detected", "rule", "line"), strict=True))
    )
    print(f"{joined} programs with a finding that reading and watching share")
    return all(share >= least for share, least in zip(shares, LEAST, strict=True))


def overall(scores: Sequence[tuple[bool, bool, bool]]) -> list[float]:
    """Shares of the programs that were detected, by the right rule, at the right line."""
    return [sum(column) / len(scores) for column in zip(*scores, strict=True)]


def _show(outcome: Outcome) -> None:
    flags = "" if outcome.script.fault is None else "".join("+" if good else "-" for good in outcome.score) + " "
    print(f"{flags}{outcome.script.name} ({outcome.seconds:.1f} s, status {outcome.status})", flush=True)
    for finding in outcome.findings or ():
        print(f"    {finding}")
    if not outcome.ended_well:
        print("    " + "\n    ".join(outcome.output.splitlines()[-8:]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one suite and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.probe.suites", description=__doc__.partition("\n")[0])
    parser.add_argument("suite", choices=("clean", "seeded", "bare"))
    parser.add_argument("--only", type=re.compile, default=re.compile(""), metavar="REGEX", help="names to run")
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1, metavar="N", help="how many at a time")
    parser.add_argument("--static", action="store_true", help="read the scripts as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, Pool(options.j, options.suite != "bare", options.static) as pool:
        scripts = seeded_scripts(Path(folder)) if options.suite == "seeded" else clean_scripts()
        outcomes = pool.run_all(script for script in scripts if options.only.search(script.name))
        return not (show_seeded if options.suite == "seeded" else show_clean)(outcomes)


if __name__ == "__main__":
    sys.exit(main())
