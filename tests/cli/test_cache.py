"""What is remembered between runs: results stay right, whatever happens to files, settings and the cache itself."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnnlint.cache import folder, stamps
from dnnlint.cache.shelf import Shelf
from dnnlint.cli import main
from dnnlint.digest import digest
from dnnlint.packs import load_rules
from dnnlint.script.reader import Reader

Check = Callable[..., tuple[int, str]]

TRAIN = """\
import torch
from torch import nn
from models import Net

model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for step in range(10):
    optimizer.zero_grad()
    loss = criterion(model(torch.randn(8, 4)), torch.randint(3, (8,)))
    loss.backward()
    optimizer.step()
"""
MODEL = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return self.layer(x)
"""
SOFTMAX = MODEL.replace("return self.layer(x)", "return self.layer(x).softmax(1)")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script and its model, without a fault, and a cache that is on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNLINT_NO_CACHE", "0")
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "models.py").write_text(MODEL)
    return tmp_path


@pytest.fixture
def check(project: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Check the project: exit status and findings, one a line."""

    def command(*arguments: str) -> tuple[int, str]:
        status = main(["check", "--output-format", "concise", *(arguments or (".",))])
        return status, capsys.readouterr().out

    return command


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are really read."""
    names: list[str] = []
    original = Reader.read

    def spy(self: Reader, path: str, data: bytes) -> object:
        names.append(os.path.basename(path))
        return original(self, path, data)

    monkeypatch.setattr(Reader, "read", spy)
    return names


def entries(file: Path) -> dict[str, list[object]]:
    kept: dict[str, list[object]] = json.loads(file.read_text().partition("\n")[2])
    return kept


def test_what_did_not_change_is_not_read_again(check: Check, read: list[str]) -> None:
    assert check() == (0, "")
    assert sorted(read) == ["models.py", "train.py"]
    assert check() == (0, "")
    assert sorted(read) == ["models.py", "train.py"]


def test_findings_are_the_same_from_the_cache(check: Check, project: Path, read: list[str]) -> None:
    (project / "models.py").write_text(SOFTMAX)
    first = check()
    assert "DNN401" in first[1]
    read.clear()
    assert check() == first
    assert not read


def test_every_format_shows_the_same_from_the_cache(
    project: Path, capsys: pytest.CaptureFixture[str], read: list[str]
) -> None:
    (project / "models.py").write_text(SOFTMAX)
    for output_format in ("full", "json", "concise"):
        arguments = ["check", "--output-format", output_format]
        main([*arguments, "--no-cache"])
        fresh = capsys.readouterr()
        main(arguments)
        capsys.readouterr()
        read.clear()
        main(arguments)
        assert capsys.readouterr() == fresh
        assert not read


def test_a_changed_model_judges_the_script_anew(check: Check, project: Path) -> None:
    assert check("train.py") == (0, "")
    (project / "models.py").write_text(SOFTMAX)
    status, out = check("train.py")
    assert status == 1
    assert "DNN401" in out
    (project / "models.py").write_text(MODEL)
    assert check("train.py") == (0, "")


def test_a_module_that_appears_or_goes_judges_the_script_anew(check: Check, project: Path) -> None:
    (project / "models.py").unlink()
    assert check("train.py") == (0, "")
    (project / "models.py").write_text(SOFTMAX)
    assert check("train.py")[0] == 1
    (project / "models.py").unlink()
    assert check("train.py") == (0, "")


def test_a_module_behind_a_module_counts_as_well(check: Check, project: Path) -> None:
    (project / "models.py").write_text("from blocks import Net\n")
    (project / "blocks.py").write_text(MODEL)
    assert check("train.py") == (0, "")
    (project / "blocks.py").write_text(SOFTMAX)
    assert check("train.py")[0] == 1


def test_a_launcher_without_a_word_of_torch_depends_on_its_neighbours(check: Check, project: Path) -> None:
    (project / "launch.py").write_text("import train\ntrain.model.eval()\n")
    before = check("launch.py")
    (project / "models.py").write_text(SOFTMAX)
    assert check("launch.py") != before


def test_a_choice_of_rules_has_results_of_its_own(check: Check, project: Path) -> None:
    (project / "models.py").write_text(SOFTMAX)
    assert "DNN401" in check()[1]
    assert check("--ignore", "DNN401") == (0, "")
    assert check("--select", "DNN5") == (0, "")
    assert "DNN401" in check()[1]


def test_comments_count_from_the_cache_too(check: Check, project: Path) -> None:
    (project / "models.py").write_text(SOFTMAX.replace("(1)", "(1)  # dnnlint: ignore[DNN401] a test"))
    assert check() == check() == (0, "")
    (project / "models.py").write_text(MODEL.replace("layer(x)", "layer(x)  # dnnlint: ignore[DNN401] a test"))
    assert "DNN002" in check()[1]
    assert "DNN002" in check()[1]


def test_nothing_is_written_without_a_cache(check: Check, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check("--no-cache", ".")
    monkeypatch.setenv("DNNLINT_NO_CACHE", "1")
    check()
    assert not (project / folder.NAME).exists()


def test_standard_input_is_never_remembered(project: Path) -> None:
    command = [sys.executable, "-m", "dnnlint", "check", "-", "--stdin-filename", "train.py"]
    subprocess.run(command, input=TRAIN, text=True, cwd=project, check=True)
    assert not (project / folder.NAME).exists()


@pytest.mark.parametrize("how", ["option", "variable", "configuration"])
def test_the_folder_can_be_chosen(check: Check, project: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "variable":
        monkeypatch.setenv(folder.VARIABLE, "elsewhere")
    if how == "configuration":
        (project / "dnnlint.toml").write_text('cache-dir = "elsewhere"\n')
    check(*(("--cache-dir", "elsewhere") if how == "option" else ()), ".")
    assert (project / "elsewhere" / "CACHEDIR.TAG").exists()
    assert not (project / folder.NAME).exists()


def test_it_lies_beside_the_configuration(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pyproject.toml").write_text("[tool.dnnlint]\n")
    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    (project / "sub" / "plain.py").write_text("import torch\n")
    main(["check"])
    assert (project / folder.NAME / "check").is_dir()


def test_a_cache_that_cannot_be_written_changes_nothing(check: Check, project: Path) -> None:
    (project / folder.NAME).write_text("not a folder")
    (project / "models.py").write_text(SOFTMAX)
    assert "DNN401" in check()[1]
    assert "DNN401" in check()[1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wreck=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()), data=st.data())
def test_a_damaged_cache_is_as_none(check: Check, project: Path, wreck: bytes, data: st.DataObject) -> None:
    (project / "models.py").write_text(SOFTMAX)
    before = check()
    files = sorted(file for file in (project / folder.NAME).rglob("*.json"))
    file = data.draw(st.sampled_from(files))
    kept = file.read_bytes()
    cut = data.draw(st.integers(0, len(kept)))
    file.write_bytes(data.draw(st.sampled_from([wreck, kept[:cut], kept[:cut] + wreck + kept[cut:]])))

    assert check() == before
    assert check() == before


@given(entry=JSON.filter(lambda entry: not isinstance(entry, list) or entry[:1] != [[]]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_entry_of_another_form_is_as_none(check: Check, project: Path, entry: object) -> None:
    (project / "models.py").write_text(SOFTMAX)
    before = check()
    (file,) = (project / folder.NAME / "check").glob("*.json")
    kept = entries(file)
    for values in kept.values():
        values[2] = entry
    text = json.dumps(kept)
    file.write_text(f"{digest(text.encode())}\n{text}")

    assert check() == before


def test_runs_side_by_side_leave_a_whole_cache(project: Path) -> None:
    (project / "models.py").write_text(SOFTMAX)
    for number in range(6):
        (project / f"train{number}.py").write_text(TRAIN)
    command = [sys.executable, "-m", "dnnlint", "check", "--output-format", "concise"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=project) for _ in range(4)]
    outputs = {run.communicate()[0] for run in runs}
    assert len(outputs) == 1
    (file,) = (project / folder.NAME / "check").glob("*")
    assert len(entries(file)) == 8


def test_what_a_killed_run_left_behind_is_removed(check: Check, project: Path) -> None:
    check()
    left = project / folder.NAME / "check" / "results.json.123.tmp"
    left.write_text("half")
    os.utime(left, (time.time() - 9999,) * 2)
    young = left.with_name("results.json.124.tmp")
    young.write_text("half")
    (project / "train.py").write_text(TRAIN + "\n")
    check()
    assert not left.exists()
    assert young.exists()  # of a run that may still be at it


def test_old_choices_are_forgotten(check: Check, project: Path) -> None:
    for number in range(20):
        check("--select", "DNN5", "--ignore", f"DNN50{number % 10}", ".") if number < 3 else None
        (project / folder.NAME / "check").mkdir(parents=True, exist_ok=True)
        (project / folder.NAME / "check" / f"{number}.json").write_text("{}")
    check()
    assert len(list((project / folder.NAME / "check").glob("*.json"))) <= 12


def test_a_changed_pack_is_noticed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = str(project / folder.NAME)
    cards = Shelf(cache).keep(load_rules())
    assert Shelf(cache).read() == cards
    monkeypatch.setattr(stamps, "environment", lambda: "another")
    assert Shelf(cache).read() is None


def test_rules_that_are_worked_on_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text("a = 1\n")
    before = stamps.code([str(tmp_path)])
    assert stamps.code([str(tmp_path)]) == before
    (tmp_path / "rule.py").write_text("a = 12\n")
    assert stamps.code([str(tmp_path)]) != before


def test_nothing_heavy_is_imported_when_everything_is_cached(project: Path) -> None:
    heavy = "{'libcst', 'rich', 'pluggy', 'dnnlint_rules', 'importlib.metadata'}"
    code = f"import sys; from dnnlint.cli import main; main(['check']); print({heavy} & set(sys.modules))"
    outs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project)
        for _ in range(2)
    ]
    assert outs[1].stdout == "set()\n"
    assert "libcst" in outs[0].stdout


def test_clean_removes_the_cache(check: Check, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check()
    assert main(["clean"]) == 0
    assert not (project / folder.NAME).exists()
    assert "removed" in capsys.readouterr().err
    assert main(["clean"]) == 0
    assert "nothing to remove" in capsys.readouterr().err


def test_clean_removes_nothing_of_the_users(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "data").mkdir()
    assert main(["clean", "--cache-dir", "data"]) == 2
    assert "was not made by dnnlint" in capsys.readouterr().err
    assert (project / "data").is_dir()
