"""Input that no one should have: each is told in one line or read, and costs no other result."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dnnlint import check
from dnnlint.cli import main
from dnnlint.evidence.script import Script
from dnnlint.texts import Texts

Findings = Callable[..., dict[str, str]]

TRAINING = """\
import torch
from torch import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(10):
    loss = model(torch.randn(8, 4)).pow(2).mean()
    loss.backward()
    optimizer.step()
"""


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Findings:
    """Code and message of what is found in each file of an otherwise good folder."""
    monkeypatch.chdir(tmp_path)

    def found(*options: str) -> dict[str, str]:
        status = main(["check", "--output-format", "json", "--isolated", *options])
        items = json.loads(capsys.readouterr().out)
        assert status == bool(items)
        return {item["filename"]: f"{item['code']} {item['message']}" for item in items}

    return found


@pytest.mark.parametrize(
    "content",
    [
        b"import torch\0",
        bytes(range(256)) * 8,
        b"\x7fELF\x02\x01\x01\0torch",
        "import torch  # \N{SNOWMAN}".encode("utf-16"),
        b"import torch\nname = '\xe9'\n",
        b"name = '\xe9'\n",
        b"# coding: no-such-thing\nimport torch\nx = '\xe9'\n",
        b"import torch\nprint 'python 2'\n",
        b"import torch\nx = (\n",
        b"import torch\nx = '''\n",
        b"import torch\n\tif x:\n  y\n",
        b"import torch\nx = " + b"(" * 10_000 + b")" * 10_000 + b"\n",
        b"import torch\n<<<<<<< ours\nx = 1\n=======\nx = 2\n>>>>>>> theirs\n",
    ],
    ids=lambda content: ascii(content[:30]),
)
def test_what_cannot_be_read_is_a_finding(findings: Findings, content: bytes) -> None:
    Path("wreck.py").write_bytes(content)
    Path("train.py").write_text(TRAINING)

    found = findings()

    assert found["wreck.py"].startswith("DNN001 cannot read this file: ")
    assert found["train.py"].startswith("DNN511 ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbfimport torch\r\nx = 1\r\n",
        b"import torch\rx = 1\r",
        b"# -*- coding: latin-1 -*-\nimport torch\nx = '\xe9'\n",
        b"import torch\nx = 1",
        b"import torch\n\x0c\nx = 1\n",
        b"import torch\n" + b"x = 1\n" * 20_000,
        b"import torch\nx = " + b" + ".join([b"1"] * 2_000) + b"\n",
        b"import torch\nx = a" + b".b()" * 600 + b"\n",
        b"import torch\nif x == 0:\n    y = 0\n" + b"elif x == 1:\n    y = 1\n" * 1_200,
        b"from torch import *\nfrom . import missing\nimport wreck, no.such.module\n",
        b"import torch\ndef f(): return f()\nf()\n",
        b"import torch\nmatch x:\n    case [1, *_]: pass\n",
    ],
    ids=lambda content: ascii(content[:30]),
)
def test_what_is_only_unusual_is_read(findings: Findings, content: bytes) -> None:
    Path("wreck.py").write_bytes(content)
    Path("train.py").write_text(TRAINING)

    assert list(findings()) == ["train.py"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
def test_line_ends_and_marks_do_not_shift_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], end: str, mark: bytes
) -> None:
    script = tmp_path / "train.py"
    script.write_bytes(mark + TRAINING.replace("\n", end).encode())

    assert main(["check", "--isolated", str(script)]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"{script}:8:5: DNN511 ")
    assert " 8 |     loss.backward()\n   |     ^^^^^^^^^^^^^^^\n" in out


def test_a_file_that_may_not_be_read_is_a_finding(findings: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("train.py").write_text(TRAINING)
    Path("secret.py").write_text(TRAINING)
    read = Texts.data

    def refuse(texts: Texts, path: str) -> bytes:  # a superuser may read everything, so the refusal is played
        if path.endswith("secret.py"):
            raise PermissionError(13, "Permission denied")
        return read(texts, path)

    monkeypatch.setattr(Texts, "data", refuse)

    found = findings()
    assert found["secret.py"] == "DNN001 cannot read this file: permission denied"
    assert found["train.py"].startswith("DNN511 ")


def test_a_file_without_permissions_is_not_silence(findings: Findings) -> None:
    secret = Path("secret.py")
    secret.write_text(TRAINING)
    secret.chmod(0)
    readable = os.access(secret, os.R_OK)  # a superuser's rights are not those of the file

    found = findings()["secret.py"]
    assert found.startswith("DNN511 ") if readable else found == "DNN001 cannot read this file: permission denied"


def test_a_loop_of_links_is_a_finding(findings: Findings) -> None:
    Path("loop.py").symlink_to("loop.py")
    Path("folder").mkdir()
    Path("folder/back").symlink_to("..")
    Path("folder/train.py").write_text(TRAINING)

    found = findings()

    assert list(found) == ["folder/train.py", "loop.py"]
    assert found["loop.py"] == "DNN001 cannot read this file: too many levels of symbolic links"


def test_a_bug_in_reading_costs_one_file(findings: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("train.py").write_text(TRAINING)
    Path("cursed.py").write_text("import torch\n")
    make = check._reader

    class Cursed:
        def __init__(self, roots: list[str]) -> None:
            self.inner = make(roots)
            self.locate = self.inner.locate

        def read(self, path: str, data: bytes) -> Script:
            if path.endswith("cursed.py"):
                raise KeyError("spell")
            return self.inner.read(path, data)

    monkeypatch.setattr(check, "_reader", Cursed)

    found = findings()
    assert "DNN001" in found["cursed.py"]
    assert "please report this (KeyError: 'spell')" in found["cursed.py"]
    assert found["train.py"].startswith("DNN511 ")


def test_unreadable_files_are_told_whatever_is_selected(findings: Findings) -> None:
    Path("wreck.py").write_bytes(b"import torch\0")

    assert list(findings("--select", "DNN511")) == ["wreck.py"]
    assert findings("--ignore", "DNN001") == {}


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "dnnlint", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, env=os.environ | environment)


def test_a_terminal_that_knows_only_ascii(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\xcc.py")
    (tmp_path / name).write_text(TRAINING.replace("loss.back", "'é宽'; loss.back"))

    done = run("check", str(tmp_path), PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert done.returncode == 1
    assert b"\\xe9\\u5bbd" in done.stdout
    assert b"Traceback" not in done.stderr


def test_standard_input_is_read_as_bytes() -> None:
    done = run("check", "-", "--isolated", stdin=b"import torch\nname = '\xe9'\n")

    assert done.returncode == 1
    assert done.stdout.startswith(b"-:2:9: DNN001")


def test_a_file_without_training_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("x = 1  # dnnlint is not meant\n")
    heavy = "{'libcst', 'rich', 'pluggy', 'pathspec', 'tomllib', 'json', 'hashlib', 'inspect', 'dnnlint.engine'}"
    code = f"import sys; from dnnlint.cli import main; main(['check', sys.argv[1]]); print({heavy} & set(sys.modules))"

    command = [sys.executable, "-c", code, str(tmp_path / "plain.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)

    assert (done.stdout, done.stderr) == ("set()\n", "")
