"""Several processes say what one says, and survive what kills one of them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnnlint import pool
from dnnlint.cli import main
from dnnlint.pool import Spread
from dnnlint.report import progress
from dnnlint.rule import Rule
from dnnlint.script.reader import Reader

forked = pytest.mark.skipif(sys.platform != "linux", reason="patches reach processes only where these are forked")


def concise(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["check", "--output-format", "concise", *arguments])
    return status, *capsys.readouterr()


def test_findings_are_those_of_one_process(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixtures = str(root / "fixtures" / "step")
    alone = concise(capsys, "--jobs", "1", fixtures)
    assert alone[0] == 1
    assert concise(capsys, "--jobs", "2", fixtures) == alone


@forked
def test_a_file_that_kills_its_process_costs_no_other_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    bad = (root / "fixtures/optimisation/missing_zero_grad/bad.py").read_text()
    for number in range(4):
        (tmp_path / f"train{number}.py").write_text(bad)
    (tmp_path / "deadly.py").write_text("import torch\n")
    original = Reader.read

    def read(self: Reader, path: str, data: bytes) -> object:
        if path.endswith("deadly.py"):
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, path, data)

    monkeypatch.setattr(Reader, "read", read)
    status, out, err = concise(capsys, "--jobs", "2", str(tmp_path))
    assert status == 1
    assert out.count("DNN511") == 4
    assert "deadly.py:1:1: DNN001" in out
    assert "Traceback" not in err


@forked
def test_a_broken_rule_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], root: Path, rules: tuple[Rule, ...]
) -> None:
    def broken(self: Rule, fact: object) -> object:
        raise KeyError("oops")

    for rule in rules:
        if rule.static:
            monkeypatch.setattr(f"{type(rule).__module__}.{type(rule).__name__}.static", broken)
    monkeypatch.setattr("dnnlint.contract._FACTS", {type(rule): _facts(type(rule)) for rule in rules})
    status, out, err = concise(capsys, "--jobs", "2", str(root / "fixtures/optimisation/missing_zero_grad"))
    assert (status, out) == (2, "")
    assert err.startswith("dnnlint: error: rule DNN")
    assert len(err.splitlines()) == 1


def _facts(kind: type[Rule]) -> tuple[type, ...]:
    from dnnlint.evidence.script import TrainingStep

    return (TrainingStep,)


@pytest.mark.parametrize("value", ["0", "-1", "two", ""])
def test_a_wrong_number_of_processes(capsys: pytest.CaptureFixture[str], value: str) -> None:
    status, _, err = concise(capsys, f"--jobs={value}")
    assert status == 2
    assert "neither a number of processes nor auto" in err


def test_processes_are_used_where_they_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRE_COMMIT", raising=False)
    monkeypatch.setattr(pool, "processors", lambda: 4)
    small = [("a.py", b"x" * 1000), ("b.py", b"x" * 1000)]
    large = [(f"{number}.py", b"x" * 100_000) for number in range(20)]
    assert Spread(None).processes(small) < 2
    assert Spread(None).processes(large) == 4
    assert Spread(3).processes(small) == 2
    assert Spread(1).processes(large) == 1
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert Spread(None).processes(large) == 1
    assert Spread(2).processes(large) == 2


@pytest.mark.parametrize("delay", [0.0, 0.3])  # while its workers start, while they work
@pytest.mark.skipif(sys.platform != "linux", reason="its workers are seen in /proc")
def test_an_interrupt_leaves_no_process_and_no_traceback(tmp_path: Path, delay: float) -> None:
    body = "".join(f"    x = torch.relu(x + {number})\n" for number in range(3000))
    for number in range(12):
        (tmp_path / f"train{number}.py").write_text(f"import torch\ndef forward(x):\n{body}    x.backward()\n")
    command = [sys.executable, "-m", "dnnlint", "check", "--jobs", "2", "--no-cache"]
    run = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    while run.poll() is None and not children.read_text():
        time.sleep(0.01)
    time.sleep(delay)
    os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert err == ""
    with pytest.raises(ProcessLookupError):
        os.killpg(run.pid, 0)


def test_a_bar_appears_for_long_runs_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    quick = progress.Progress()
    quick.show(1, 2)
    quick.end()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "_PATIENCE", -1.0)
    slow = progress.Progress()
    slow.show(1, 2)
    slow.show(2, 2)
    slow.end()
    assert "checking" in capsys.readouterr().err
