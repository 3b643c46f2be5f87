"""Programs that train, run plainly and under the probe."""

import json
import os
import pickle
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

NURSERY = Path(__file__).with_name("nursery.py")
PROBE = ("--no-static", "--isolated", "--select", "ALL", "--journal", os.devnull)


class Ended(NamedTuple):
    """How a program ended."""

    status: int
    out: str
    err: str
    run: dict[str, Any]  # what the report says of the run
    findings: list[dict[str, Any]]
    record: Mapping[type, Any]  # what was measured
    left: list[str]  # what was different in torch when the watching was over
    end: list[str]  # what was different in torch in the end
    prefix: str  # of its files

    @property
    def seen(self) -> tuple[int, str, str]:
        """What a user sees of it."""
        return self.status, self.out, self.err

    @property
    def left_behind(self) -> set[str]:
        """What was different when the watching was over; wrappers that were being called are gone a little later."""
        return {name for name in self.left if not name.endswith(" of ours")}


class Nursery:
    """One process with torch, which forks for each program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._server = subprocess.Popen(
            [sys.executable, str(NURSERY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        """End the process."""
        self._server.communicate(timeout=30)

    def run(self, program: Path | str, *all_options: Sequence[str] | None, quiet: bool = True) -> list[Ended]:
        """Run a script, or a program's text, once for each set of options, all at a time; None is a plain run."""
        jobs = self._jobs(program, all_options, quiet)
        assert self._server.stdin is not None and self._server.stdout is not None
        print(json.dumps(jobs), file=self._server.stdin, flush=True)
        statuses = json.loads(self._server.stdout.readline())
        return [ended(job["prefix"], status) for job, status in zip(jobs, statuses, strict=True)]

    def launch(self, program: Path, *all_options: Sequence[str] | None) -> list[Ended]:
        """The same in two processes of a launcher each; what the first of them tells, and the output of both."""
        jobs = self._jobs(program, all_options, quiet=True)
        launcher = (
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            "2",
            str(NURSERY),
        )
        environment = {**os.environ, "PYTHONPATH": str(NURSERY.parent), "OMP_NUM_THREADS": "1"}
        running = [
            subprocess.Popen(
                [*launcher, json.dumps(job)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for job in jobs
        ]
        outputs = [process.communicate() for process in running]
        return [
            ended(job["prefix"] + "0", process.returncode)._replace(out=out, err=err)
            for job, process, (out, err) in zip(jobs, running, outputs, strict=True)
        ]

    def _jobs(
        self, program: Path | str, all_options: Sequence[Sequence[str] | None], quiet: bool
    ) -> list[dict[str, Any]]:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        script = program if isinstance(program, Path) else folder / "train.py"
        if isinstance(program, str):
            script.write_text(textwrap.dedent(program))
        return [
            {
                "prefix": str(folder / f"run{number}"),
                "script": str(script),
                "options": None if options is None else [*PROBE, *(["-q"] if quiet else []), *options],
                "environment": {"DNNLINT_DEBUG": "1"},
            }
            for number, options in enumerate(all_options)
        ]


def ended(prefix: str, status: int) -> Ended:
    """Collect what a program left in its files."""
    told = json.loads(_read(f"{prefix}.json") or '{"findings": [], "run": {}}')
    record = pickle.loads(Path(f"{prefix}.record").read_bytes()) if os.path.exists(f"{prefix}.record") else {}
    left, end = (json.loads(_read(f"{prefix}.{name}") or "[]") for name in ("left", "end"))
    return Ended(
        status,
        _read(f"{prefix}.out"),
        comparable(_read(f"{prefix}.err")),
        told["run"],
        told["findings"],
        record,
        left,
        end,
        prefix,
    )


def comparable(text: str) -> str:
    """Standard error without the frames that start a program."""
    text = re.sub(r'[ |]* File "<frozen [\w.]+>", line \d+, in \w+\n', "", text)
    return re.sub(rf'  File "{NURSERY}", .*\n(    .*\n)+', "", text)


def _read(path: str) -> str:
    return Path(path).read_text() if os.path.exists(path) else ""


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where programs are run."""
    server = Nursery(tmp_path_factory.mktemp("nursery"))
    yield server
    server.close()
