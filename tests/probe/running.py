"""Scripts run in warm processes, under the probe or without it, and what came of each."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

from tests.probe.seeded.build import Program

ROOT = Path(__file__).parent.parent.parent
DISTRIBUTED = ("ddp", "fsdp2")
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
STEPS = 5  # that the probe watches by default


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
    steps: int  # of an optimiser's, that were watched

    @property
    def ended_well(self) -> bool:
        """The exit status is as it should be, and the steps were watched unless the script crashes before them."""
        crashes = self.script.fault is not None and self.script.fault.kind.crashes
        return self.findings is not None and (self.status != 0) == crashes and (crashes or self.steps >= STEPS)

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
        if not self.probe:
            return Outcome(script, status, seconds, output, (), STEPS)
        if not report.exists():
            return Outcome(script, status, seconds, output, None, 0)
        told = json.loads(report.read_text(encoding="utf-8"))
        return Outcome(script, status, seconds, output, _findings(told, script.path.parent), told["run"]["steps"])

    def _verb(self, report: Path) -> list[str]:
        if not self.probe:
            return []
        static = [] if self.static else ["--no-static"]
        private = ["--isolated", "--journal", str(report.with_name("journal"))]
        return ["probe", *private, *static, "--output-format", "json", "-o", str(report)]


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


def _findings(told: dict[str, Any], folder: Path) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            item["name"],
            item["severity"],
            os.path.relpath(folder / item["filename"], folder),
            item["location"]["row"],
            item["source"],
        )
        for item in told["findings"]
        if item["severity"] != "advice"
    )
