"""``dnnlint probe`` as a user meets it: what is printed where, and the exit status.

Torch, the rules and the watching are stand-ins, so that these tests are about the command alone.
"""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from dnnlint.cli import probe_record

TORCH = """
session = None
def step():
    if session is not None:
        session.stepped()
"""
DRIVER = '''
import linecache, os, sys, types
from dnnlint import packs
from dnnlint.diagnostic import Severity, Site, Span
from dnnlint.engine import Verdict
from dnnlint.evidence.trace import OptimizerInfo, Run
from dnnlint.evidence.script import UnusedSuppression
from dnnlint.rule import Rule

class LossyLine(Rule):
    """A line is at fault."""
    code, level = "TST101", Severity.ERROR
    message, why, mend = "line at fault: {measured}", "It hurts.", "Mend it."
    def runtime(self, run: Run):
        yield from ()

class TastelessLine(Rule):
    """A line is a matter of taste."""
    code, level = "TST102", Severity.ADVICE
    message, why, mend = "line of poor taste", "It looks bad.", "Beautify it."
    def runtime(self, run: Run):
        yield from ()

class CommentUnused(Rule):
    """A comment silences nothing."""
    code, level = "TST002", Severity.WARNING
    message, why, mend = "comment {text}", "It hides the next one.", "Delete it."
    def static(self, fact: UnusedSuppression):
        yield self.at(fact.place, span=Span(fact.row, 1, fact.row, 2), text=fact.text)

RULES = LossyLine(), TastelessLine(), CommentUnused()
FAULTS = set(filter(None, os.environ.get("FAULTS", "").split()))

class Session:
    """Finds every line with FAULT in the script after the last step."""
    def __init__(self, rules, steps, *, script, on_verdicts, on_done):
        self.rules, self.steps, self.script = rules, steps, script
        self.on_verdicts, self.on_done = on_verdicts, on_done
        self.verdicts, self.record, self.notes, self.done = [], {}, [], 0
        self.closed = False
        if "init" in FAULTS:
            raise RuntimeError("broken init")
    def attach(self):
        if "attach" in FAULTS:
            raise RuntimeError("broken attach")
        sys.modules["torch"].session = self
        if "hello" in FAULTS:
            print("attached", [rule.code for rule in self.rules], self.steps, self.script.path)
    def stepped(self):
        self.done += 1
        if self.done == self.steps:
            self.close()
            if self.on_done is not None:
                self.on_done()
    def failure(self, error):
        self.notes.append(f"failed with {error!r}")
    def gather(self):
        pass

    def close(self):
        if self.closed:
            return
        self.closed = True
        if "close" in FAULTS:
            raise RuntimeError("broken close")
        here = self.script.path
        optimizer = OptimizerInfo(0, "SGD", Site(here, Span(1, 1, 1, 1)), self.done, (0.1, float("nan")))
        self.record[Run] = Run(self.script, self.done, 7, 2, (optimizer,), False)
        for row, text in enumerate(linecache.getlines(here), 1):
            for rule in self.rules:
                word = "FAULT" if rule.code == "TST101" else "TASTE"
                if word in text and self.done:
                    site = Site(here, Span(row, 1, row, 5))
                    finding = rule.at(site, measured=7.1, evidence={"measured": 7.1})
                    self.verdicts.append(Verdict(rule, finding, "runtime"))
        if self.verdicts:
            self.on_verdicts(self.verdicts)

sys.modules["dnnlint.probe.session"] = types.ModuleType("dnnlint.probe.session")
sys.modules["dnnlint.probe.session"].Session = Session
packs.load_rules = lambda: RULES
from dnnlint.cli import main
sys.exit(main())
'''
TRAIN = """\
import torch
for number in range(7):
    torch.step()  # FAULT
print("done")
"""
CONCISE = "train.py:3:1: TST101 line at fault: 7.1\n"


class Ended(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Probe in a folder with a script that trains for seven steps."""
    tools = tmp_path / "tools"
    (tools / "torch").mkdir(parents=True)
    (tools / "torch" / "__init__.py").write_text(TORCH)
    (tools / "driver.py").write_text(DRIVER)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("train.py").write_text(TRAIN)
    kept = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE", "NO_COLOR")}

    def probe(*arguments: str, verb: str = "probe", merged: bool = False, **environment: str) -> Ended:
        done = subprocess.run(
            [sys.executable, str(tools / "driver.py"), verb, *arguments],
            env={**kept, "PYTHONPATH": str(tools), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return probe


def write(name: str, source: str) -> None:
    Path(name).write_text(textwrap.dedent(source))


def journal() -> list[dict[str, object]]:
    (file,) = Path(".dnnlint_cache/probe").glob("*.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_findings_come_after_the_output_of_the_script(run: Run) -> None:
    status, out, err = run("train.py")

    assert status == 0
    assert out.startswith("done\ntrain.py:3:1: TST101 lossy-line [error]\nline at fault: 7.1\n")
    assert "3 |     torch.step()  # FAULT\n" in out
    first, last = err.splitlines()
    where = r"\.dnnlint_cache/probe/train-\d{8}-\d{6}-\d+\.jsonl"
    assert re.fullmatch(f"dnnlint: watching the first 5 steps of train.py; findings are kept in {where}", first)
    assert last == "dnnlint: Found 1 error: 5 steps watched."


def test_quiet_prints_findings_only(run: Run) -> None:
    assert run("-q", "--output-format", "concise", "train.py") == (0, f"done\n{CONCISE}", "")


def test_a_run_without_findings_prints_none(run: Run) -> None:
    write("train.py", "import torch\nfor number in range(3):\n    torch.step()")

    status, out, err = run("train.py")

    assert (status, out) == (0, "")
    assert err.endswith("dnnlint: No findings: 3 of 5 steps watched.\n")


def test_json_is_an_object_with_the_run(run: Run) -> None:
    _, out, _ = run("-q", "--output-format", "json", "--journal", "kept.jsonl", "train.py", "--epochs", "3")

    document = json.loads(out.removeprefix("done\n"))
    (finding,) = document["findings"]
    assert (finding["code"], finding["source"], finding["filename"]) == ("TST101", "runtime", "train.py")
    assert document["run"] == {
        "program": "train.py",
        "arguments": ["--epochs", "3"],
        "steps": 5,
        "forwards": 7,
        "backwards": 2,
        "optimizers": [
            {
                "number": 0,
                "kind": "SGD",
                "filename": "train.py",
                "location": {"row": 1, "column": 1},
                "steps": 5,
                "rates": [0.1, "nan"],
                "weight_decay": 0.0,
            }
        ],
        "resumed": False,
        "world_size": 1,
        "seen_ranks": 1,
        "journal": "kept.jsonl",
        "notes": [],
    }


@pytest.mark.parametrize("option", ["-o", "--output-file"])
def test_findings_may_go_to_a_file(run: Run, option: str) -> None:
    write("train.py", f"import os\nos.chdir('/')\n{TRAIN}")

    assert run("-q", "--output-format", "concise", option, "found.txt", "train.py") == (0, "done\n", "")
    assert Path("found.txt").read_text() == CONCISE.replace(":3:", ":5:")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 0),
        (("--fail-on", "error"), 1),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "never"), 0),
        (("--fail-on", "error", "--ignore", "TST101"), 0),
        (("--fail-on", "error", "--select", "TST102"), 0),
        (("--fail-on", "advice", "--select", "TST102"), 1),
    ],
)
def test_findings_fail_a_run_only_if_asked_to(run: Run, options: tuple[str, ...], status: int) -> None:
    write("train.py", TRAIN + "# TASTE\n")

    assert run(*options, "train.py").status == status


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("import sys; sys.exit()", 1),
        ("import sys; sys.exit(0)", 1),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('')", 1),
        ("1 / 0", 1),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("import os; os._exit(0)", 0),
    ],
)
def test_the_status_of_the_script_wins(run: Run, ending: str, status: int) -> None:
    write("train.py", TRAIN + ending)

    assert run("--fail-on", "error", "train.py").status == status


def test_findings_never_fail_one_process_of_several(run: Run) -> None:
    status, out, _ = run("-q", "--fail-on", "error", "train.py", RANK="0", WORLD_SIZE="2")

    assert status == 0
    assert "TST101" in out


def test_only_the_first_process_speaks(run: Run) -> None:
    done = run("train.py", RANK="1", WORLD_SIZE="2", FAULTS="hello")

    assert (done.status, done.err) == (0, "")
    assert done.out == f"attached ['TST101'] 5 {Path('train.py').absolute()}\ndone\n"
    assert not Path(".dnnlint_cache").exists()


def test_the_report_is_the_last_word_of_the_process(run: Run) -> None:
    write(
        "train.py",
        """
        import atexit, threading, time, torch
        atexit.register(print, "exit", flush=True)
        def train():
            time.sleep(0.2)
            for number in range(7):
                torch.step()  # FAULT
            print("trained", flush=True)
        threading.Thread(target=train).start()
        print("main", flush=True)
        """,
    )

    status, out, _ = run("-q", "--output-format", "concise", "train.py", merged=True)

    assert (status, out) == (0, "main\ntrained\nexit\ntrain.py:7:1: TST101 line at fault: 7.1\n")


def test_the_report_follows_the_traceback(run: Run) -> None:
    write("train.py", "import torch\ntorch.step()  # FAULT\n1 / 0")

    status, out, _ = run("--output-format", "concise", "train.py", merged=True)

    lines = out.splitlines()
    assert status == 1
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[2] == f'  File "{Path("train.py").absolute()}", line 3, in <module>'
    assert lines[-3:] == [
        "train.py:2:1: TST101 line at fault: 7.1",
        "dnnlint: failed with ZeroDivisionError('division by zero')",
        "dnnlint: Found 1 error: 1 of 5 steps watched.",
    ]


@pytest.mark.parametrize("steps", [1, 3])
def test_the_script_may_be_stopped_after_the_watched_steps(run: Run, steps: int) -> None:
    write(
        "train.py",
        """
        import torch
        try:
            for number in range(7):
                print(number)
                torch.step()  # FAULT
        finally:
            print("cleaned up")
        print("never")
        """,
    )

    status, out, _ = run("-q", "--output-format", "concise", "--stop-after", "--steps", str(steps), "train.py")

    numbers = "".join(f"{number}\n" for number in range(steps))
    assert (status, out) == (0, f"{numbers}cleaned up\ntrain.py:6:1: TST101 line at fault: 7.1\n")


def test_a_script_that_trains_in_a_thread_is_not_stopped(run: Run) -> None:
    write(
        "train.py",
        """
        import threading, torch
        thread = threading.Thread(target=lambda: [torch.step() for number in range(7)] and print("trained"))
        thread.start()
        thread.join()
        """,
    )

    status, out, err = run("--stop-after", "train.py")

    assert (status, out) == (0, "trained\n")
    assert "dnnlint: not stopped: it is not the main thread that trains\n" in err


def test_a_kill_loses_nothing(run: Run) -> None:
    write("train.py", TRAIN + "import os\nos.kill(os.getpid(), 9)\n")

    status, out, _ = run("train.py")

    assert status == -signal.SIGKILL
    assert "TST101" not in out
    assert [(item["code"], item["filename"]) for item in journal()] == [("TST101", "train.py")]


def test_the_journal_is_written_while_the_script_runs(run: Run) -> None:
    write("train.py", TRAIN + "print(open('kept.jsonl').read().count('TST101'))\n")

    _, out, err = run("--journal", "kept.jsonl", "train.py")

    assert out.startswith("done\n1\n")
    assert "findings are kept in kept.jsonl\n" in err
    assert not Path(".dnnlint_cache").exists()


def test_a_journal_that_cannot_be_written_stops_nothing(run: Run) -> None:
    status, out, err = run("--journal", "nowhere/kept.jsonl", "--output-format", "concise", "train.py")

    assert (status, out) == (0, f"done\n{CONCISE}")
    path = Path("nowhere/kept.jsonl").absolute()
    assert err.splitlines() == [
        f"dnnlint: warning: findings are not kept while the script runs: {path}: No such file or directory",
        "dnnlint: watching the first 5 steps of train.py",
        "dnnlint: Found 1 error: 5 steps watched.",
    ]


def test_a_script_that_never_steps_is_told_so(run: Run) -> None:
    write("train.py", "import torch  # FAULT")

    status, out, err = run("train.py")

    assert (status, out) == (0, "")
    assert err.splitlines()[1] == "dnnlint: the script never trained: no optimiser stepped (2 backward passes seen)"


def test_a_script_without_torch_is_told_so(run: Run) -> None:
    write("train.py", "print('hello')")

    status, out, err = run("train.py")

    assert (status, out) == (0, "hello\n")
    assert err.splitlines()[1] == "dnnlint: the script never trained: it did not import torch"


def test_where_torch_is_missing_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(probe_record, "find_spec", lambda name: None)

    first, *_ = probe_record.conclusion(None, [], 5, 0)

    assert first.endswith("it did not import torch; it is not installed here: pip install 'dnnlint[probe]'")


def test_nothing_that_matters_is_imported_before_the_script_does(run: Run) -> None:
    write("train.py", "import sys\nprint({'torch', 'libcst', 'rich', 'numpy', 'logging', 'random'} & set(sys.modules))")

    assert run("-q", "train.py").out == "set()\n"


@pytest.mark.parametrize(
    "words",
    [
        ("train.py", "--steps", "9", "-q", "-o", "x"),
        ("--", "train.py", "--steps", "9", "-q", "-o", "x"),
        ("-m", "train", "--steps", "9", "-q", "-o", "x"),
        ("-mtrain", "--steps", "9", "-q", "-o", "x"),
    ],
)
def test_what_follows_the_script_belongs_to_it(run: Run, words: tuple[str, ...]) -> None:
    write("train.py", "import sys\nprint(sys.argv[1:])")

    assert run("--steps=3", "-q", *words) == (0, "['--steps', '9', '-q', '-o', 'x']\n", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name the script to run, or -m and a module"),
        (("-q",), "name the script to run, or -m and a module"),
        (("--",), "name the script to run, or -m and a module"),
        (("-m",), "-m: name the module to run"),
        (("-",), "a script from standard input cannot be watched: name a file"),
        (("absent.py",), "absent.py: no such file"),
        (("-m", "absent"), "no module named 'absent'"),
        (
            ("--stpes", "3", "train.py"),
            "unknown option '--stpes', did you mean '--steps'? (options of the script follow it)",
        ),
        (("--steps", "0", "train.py"), "--steps: '0' is not a number of steps, at least 1"),
        (("--steps", "many", "train.py"), "--steps: 'many' is not a number of steps, at least 1"),
        (("--steps",), "--steps: expected one argument"),
        (("--select", "TST9", "train.py"), "--select: unknown rule 'TST9', did you mean 'TST"),
        (("--select", "", "train.py"), "--select: names no rule"),
        (("--output-format", "jsno", "train.py"), "--output-format: 'jsno' is none of full, concise, json"),
        (("--fail-on", "bad", "train.py"), "--fail-on: 'bad' is none of error, warning, advice, never"),
        (("-o", "nowhere/x", "train.py"), "--output-file: nowhere/x: no such folder"),
        (("--isolated", "--config", "x.toml", "train.py"), "--config and --isolated exclude each other"),
        (("--config", "x.toml", "train.py"), "x.toml: "),
    ],
)
def test_wrong_usage_is_one_line_and_nothing_is_run(run: Run, words: tuple[str, ...], told: str) -> None:
    status, out, err = run(*words)

    assert (status, out) == (2, "")
    assert err.startswith(f"dnnlint: error: {told}")
    assert err.count("\n") == 1
    assert not Path(".dnnlint_cache").exists()


def test_help_says_how_the_script_is_named(run: Run) -> None:
    status, out, err = run("--help")

    assert (status, err) == (0, "")
    assert "dnnlint probe [options] SCRIPT [ARGS...]" in out
    assert "dnnlint probe [options] -m MODULE [ARGS...]" in out


@pytest.mark.parametrize(
    "script",
    [
        TRAIN.replace("# FAULT", "# FAULT  # dnnlint: ignore[TST101] wanted"),
        "# dnnlint: file-ignore[lossy-line]\n" + TRAIN,
        TRAIN.replace("# FAULT", "# FAULT  # noqa: TST101"),
    ],
)
def test_comments_silence_what_was_seen(run: Run, script: str) -> None:
    write("train.py", script)

    status, out, err = run("--fail-on", "advice", "train.py")

    assert (status, out) == (0, "done\n")
    assert err.endswith("dnnlint: No findings: 5 steps watched; 1 finding silenced by comments.\n")
    assert journal() == []


def test_a_check_does_not_ask_for_the_comments_of_runs_to_be_deleted(run: Run) -> None:
    write("train.py", "import torch  # dnnlint: ignore[TST101]\nx = 1  # dnnlint: ignore[TST002]\n")

    assert run("train.py", verb="check") == (0, "", "")


@pytest.mark.parametrize(
    "table", ['ignore = ["TST101"]', 'per-file-ignores = {"train.py" = ["TST101"]}', 'select = ["TST102"]']
)
def test_the_configuration_is_heard(run: Run, table: str) -> None:
    write("dnnlint.toml", table)

    assert run("-q", "train.py").out == "done\n"
    assert "TST101" in run("-q", "--isolated", "train.py").out


def test_where_no_rule_looks_at_runs_none_is_watched(run: Run) -> None:
    status, out, err = run("--select", "TST002", "train.py", FAULTS="hello")

    assert (status, out) == (0, "done\n")
    assert err == "dnnlint: nothing is watched: no selected rule looks at runs\n"


@pytest.mark.parametrize("fault", ["init", "attach", "close"])
def test_what_goes_wrong_in_the_watching_is_a_warning(run: Run, fault: str) -> None:
    status, out, err = run("-q", "--steps", "9", "train.py", FAULTS=fault)

    assert (status, out) == (0, "done\n")
    assert err == f"dnnlint: warning: dnnlint failed, the script did not: RuntimeError: broken {fault}\n"


BEHAVIOURS = {
    "changes the folder": "import os\nos.chdir('/')\n",
    "redirects its output": "import sys\nsys.stdout = open('log.txt', 'w')\n",
    "makes warnings errors": "import warnings\nwarnings.simplefilter('error')\n",
    "clears the import path": "import sys, torch\nsys.path.clear()\n",
    "forks": "import os, torch\nif os.fork() == 0:\n    raise SystemExit\nos.wait()\n",
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_whatever_the_script_does_findings_are_reported(run: Run, behaviour: str) -> None:
    before = BEHAVIOURS[behaviour]
    write("train.py", before + TRAIN.replace("print", "repr"))

    status, out, err = run("-q", "--output-format", "concise", "train.py")

    assert (status, err) == (0, "")
    assert out == CONCISE.replace(":3:", f":{3 + before.count(chr(10))}:")


def test_findings_go_to_standard_error_if_the_script_closed_its_output(run: Run) -> None:
    write("train.py", TRAIN + "import sys\nsys.stdout.close()\n")

    assert run("-q", "--output-format", "concise", "train.py") == (0, "done\n", CONCISE)


def test_a_reader_that_has_left_changes_no_status(run: Run, tmp_path: Path) -> None:
    command = f"{sys.executable} ../tools/driver.py probe -q train.py; echo status $? >&2"
    reader, writer = os.pipe()
    os.close(reader)
    write("train.py", TRAIN.replace("print", "repr"))

    done = subprocess.run(
        ["sh", "-c", command],
        stdout=writer,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "tools")},
        check=False,
    )
    os.close(writer)

    assert done.stderr == b"status 0\n"
