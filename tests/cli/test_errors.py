"""Mistakes of users: one line on stderr that names the culprit and the nearest right word, exit status 2."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dnnlint import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chekc"], "unknown command 'chekc', did you mean 'check'?"),
        (["frobnicate"], "unknown command 'frobnicate', the commands are check, probe, rule"),
        (["train.py"], "unknown command 'train.py', did you mean 'dnnlint check train.py'?"),
        (["--verison"], "unknown option '--verison', did you mean '--version'?"),
        (["check", "--slect", "ALL"], "unknown option '--slect', did you mean '--select'?"),
        (["check", "--select"], "--select: expected one argument"),
        (["check", "--select", "TST1O1"], "--select: unknown rule 'TST1O1', did you mean 'TST101'?"),
        (["check", "--ignore", "losy-line"], "--ignore: unknown rule 'losy-line', did you mean 'lossy-line'?"),
        (["check", "--extend-select", "tst101"], "--extend-select: unknown rule 'tst101', did you mean 'TST101'?"),
        (["check", "--select", "TST9"], "--select: unknown rule 'TST9'"),
        (["check", "--select", ","], "--select: names no rule"),
        (["check", "--fail-on", "warnin"], "--fail-on: 'warnin' is none of error, warning, advice, never, did you "),
        (["check", "--output-format", "jsn"], "--output-format: 'jsn' is none of full, concise, json, did you mean"),
        (["check", "--color", "red"], "--color: 'red' is none of auto, always, never"),
        (["check", "--per-file-ignores", "tests"], "--per-file-ignores: 'tests' is not PATTERN:CODE"),
        (["check", "--per-file-ignores", "a.py:XYZ1"], "--per-file-ignores: unknown rule 'XYZ1'"),
        (["check", "trian.py"], "no such file or directory: 'trian.py', did you mean 'train.py'?"),
        (["check", "no/where"], "no such file or directory: 'no/where'"),
        (["check", "-", "train.py"], "'-' stands alone"),
        (["check", "--stdin-filename", "x.py"], "--stdin-filename needs the path '-'"),
        (["check", "--config", "none.toml"], "none.toml: cannot be read (No such file or directory)"),
        (["check", "--config", "x.toml", "--isolated"], "--config and --isolated exclude each other"),
        (["rule"], "name a rule by its code or name, or give --all"),
        (["rule", "TST101", "--all"], "name a rule by its code or name, or give --all"),
        (["rule", "TST11"], "unknown rule 'TST11', did you mean 'TST101'?"),
        (["rule", "a", "b"], "unknown argument 'b'"),
    ],
    ids=" ".join,
)
def test_a_wrong_word_is_answered_in_one_line(run: Run, arguments: list[str], message: str) -> None:
    Path("train.py").write_text("import torch\n")

    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    assert err.startswith(f"dnnlint: error: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("slect = ['TST101']", "unknown key 'slect', did you mean 'select'?"),
        ("select = 'TST101'", "select: expected a list of strings, got a string"),
        ("select = [1]", "select: expected a list of strings, got a number in it"),
        ("ignore = ['TST1O1']", "ignore: unknown rule 'TST1O1', did you mean 'TST101'?"),
        ("fail-on = 'warn'", "fail-on: 'warn' is none of error, warning, advice, never, did you mean 'warning'?"),
        ("respect-gitignore = 'yes'", "respect-gitignore: expected true or false, got a string"),
        ("per-file-ignores = {'a.py' = 'TST101'}", "per-file-ignores: 'a.py': expected a list of strings, got a s"),
        ("per-file-ignores = {'a.py' = ['nope']}", "per-file-ignores: unknown rule 'nope'"),
        ("[tool.dnnlint.rules.lossy-lin]", "rules: unknown rule 'lossy-lin', did you mean 'lossy-line'?"),
        ("[tool.dnnlint.rules.lossy-line]\nlimit = 3", "rules: lossy-line has no option 'limit'"),
        ("select = [", "is not valid TOML: "),
    ],
    ids=lambda text: text[:30],
)
def test_a_wrong_configuration_is_answered_in_one_line(run: Run, content: str, message: str) -> None:
    Path("pyproject.toml").write_text(f"[tool.dnnlint]\n{content}\n")
    Path("plain.py").write_text("x = 1\n")

    status, out, err = run("check")

    assert (status, out) == (2, "")
    assert err.startswith(f"dnnlint: error: {Path.cwd()}/pyproject.toml: {message}")
    assert err.count("\n") == 1


def test_a_wrong_format_in_the_environment_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNNLINT_OUTPUT_FORMAT", "jsno")

    status, _, err = run("check")

    assert status == 2
    assert err == "dnnlint: error: DNNLINT_OUTPUT_FORMAT: 'jsno' is none of full, concise, json, did you mean 'json'?\n"


def test_the_bare_command_shows_what_there_is(run: Run) -> None:
    status, out, err = run()

    assert (status, out) == (2, "")
    assert "check [PATHS|-]" in err
    assert run("--help")[:2] == (0, err)


@pytest.mark.parametrize("verb", ["check", "rule"])
def test_every_verb_helps(verb: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(verb, "-h")

    assert left.value.code == 0
    assert f"usage: dnnlint {verb}" in capsys.readouterr().out


def test_the_version_is_printed(run: Run) -> None:
    status, out, _ = run("-V")

    assert status == 0
    assert out.split()[0] == "dnnlint"
    assert run("--version")[1] == out


def test_an_interrupt_is_quiet_and_exits_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupt)

    assert run("check") == (130, "", "")


def test_a_bug_of_dnnlint_exits_with_2_and_asks_for_a_report(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(_: list[str]) -> int:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(cli, "_run", stumble)

    status, out, err = run("check")

    assert (status, out) == (2, "")
    assert "ZeroDivisionError: oops" in err
    assert err.endswith("please report it with the lines above\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_matter(tmp_path: Path, closed: str) -> None:
    (tmp_path / "wreck.py").write_bytes(b"import torch\0\n")

    command = f"{sys.executable} -m dnnlint check {tmp_path} {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_told_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: list[str]) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "_run", refuse)

    assert run("check") == (2, "", "dnnlint: error: [Errno 28] No space left on device\n")


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_bytes(b"import torch\0\n")
    reading, writing = os.pipe()
    os.close(reading)

    command = [sys.executable, "-m", "dnnlint", "check", str(script)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)

    assert (done.returncode, done.stderr) == (1, "")
