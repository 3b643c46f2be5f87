"""The list of judged findings in real repositories is well formed, and its runner tells what changed."""

import importlib.util
import json
import re
import shutil
from collections import Counter
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

import pytest

from dnnlint.rule import Rule

KEYS = {"repository", "commit", "path", "line", "code", "verdict", "why"}
VERDICTS = {"true", "false", "unclear"}
STEP_RULES = {"DNN511", "DNN512", "DNN602"}
TENSOR_PARALLEL = {
    "distributed/tensor_parallelism/fsdp_tp_example.py",
    "distributed/tensor_parallelism/sequence_parallel_example.py",
    "distributed/tensor_parallelism/tensor_parallel_example.py",
}
# GAN, RPC, hogwild, AMP and accumulation scripts: their steps are right
RIGHT_STEPS = {
    "pytorch/examples",
    "eriklindernoren/PyTorch-GAN",
    "karpathy/nanoGPT",
    "karpathy/minGPT",
    "huggingface/pytorch-image-models",
    "ultralytics/yolov5",
}


@pytest.fixture(scope="module")
def judged(root: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((root / "tests/primer/judged.json").read_text(encoding="utf-8"))
    return entries


@pytest.fixture(scope="module")
def runner(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("primer_run", root / "tests/primer/run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_entry_has_all_keys_and_no_others(judged: list[dict[str, Any]]) -> None:
    assert [entry for entry in judged if entry.keys() != KEYS] == []


def test_values_have_their_forms(judged: list[dict[str, Any]]) -> None:
    forms = {"repository": r"[\w.-]+/[\w.-]+", "commit": r"[0-9a-f]{40}", "path": r".+\.py", "why": r"\S.*[^.\s]"}
    wrong = [(key, entry[key]) for entry in judged for key, form in forms.items() if not re.fullmatch(form, entry[key])]

    assert wrong == []
    assert [entry for entry in judged if type(entry["line"]) is not int or entry["line"] < 1] == []


def test_verdicts_are_known(judged: list[dict[str, Any]]) -> None:
    assert {entry["verdict"] for entry in judged} <= VERDICTS


def test_codes_exist(judged: list[dict[str, Any]], rules: tuple[Rule, ...]) -> None:
    assert {entry["code"] for entry in judged} <= {rule.code for rule in rules}


def test_no_finding_is_listed_twice(judged: list[dict[str, Any]]) -> None:
    places = Counter((entry["repository"], entry["path"], entry["line"], entry["code"]) for entry in judged)

    assert [place for place, count in places.items() if count > 1] == []


def test_a_repository_has_one_commit_and_its_folder_one_repository(judged: list[dict[str, Any]]) -> None:
    pairs = {(entry["repository"], entry["commit"]) for entry in judged}

    assert len({repository for repository, _ in pairs}) == len(pairs)
    assert len({repository.rpartition("/")[2] for repository, _ in pairs}) == len(pairs)


def test_the_list_is_sorted(judged: list[dict[str, Any]]) -> None:
    places = [(entry["repository"].lower(), entry["path"], entry["line"], entry["code"]) for entry in judged]

    assert places == sorted(places)


def test_no_path_leads_out_of_its_repository(judged: list[dict[str, Any]]) -> None:
    paths = [PurePosixPath(entry["path"]) for entry in judged]

    assert [path for path in paths if path.is_absolute() or ".." in path.parts or "\\" in str(path)] == []


@pytest.mark.parametrize("name", ["judged.json", "README.md", "run.py"])
def test_no_file_names_a_place_on_one_machine(root: Path, name: str) -> None:
    text = (root / "tests/primer" / name).read_text(encoding="utf-8")

    assert re.findall(r"(?<![\w./:-])(?:/[\w.-]+){2,}|[A-Za-z]:\\\S+|~/\S+", text) == []


def test_the_readme_counts_what_the_list_holds(root: Path, judged: list[dict[str, Any]]) -> None:
    text = (root / "tests/primer/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (DNN\d{3}) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    counts = Counter((entry["code"], entry["verdict"]) for entry in judged)
    codes = sorted({entry["code"] for entry in judged})

    assert rows == [(code, *(str(counts[code, verdict]) for verdict in ("true", "false", "unclear"))) for code in codes]


def test_the_readme_names_each_repository_at_its_commit(root: Path, judged: list[dict[str, Any]]) -> None:
    text = (root / "tests/primer/README.md").read_text(encoding="utf-8")

    assert {(e["repository"], e["commit"]) for e in judged if f"| {e['repository']} | {e['commit']} |" not in text} == (
        set()
    )


def test_only_the_tensor_parallel_examples_take_wrong_steps(judged: list[dict[str, Any]]) -> None:
    steps = [entry for entry in judged if entry["code"] in STEP_RULES and entry["repository"] in RIGHT_STEPS]

    assert {(entry["path"], entry["code"], entry["verdict"]) for entry in steps} == {
        (path, "DNN511", "true") for path in TENSOR_PARALLEL
    }
    assert {entry["repository"] for entry in steps} == {"pytorch/examples"}


def test_the_runner_tells_new_gone_and_missing_apart(runner: ModuleType) -> None:
    names = ("kept", "true_one", "false_one", "elsewhere")
    kept, true_one, false_one, elsewhere = (runner.Finding("demo", f"{name}.py", 1, "DNN101") for name in names)
    elsewhere = elsewhere._replace(repository="absent")
    fresh = kept._replace(line=2)
    judged = {kept: "true", true_one: "true", false_one: "false", elsewhere: "true"}

    difference = runner.compare({kept, fresh}, judged, ["demo"])

    assert difference == ([fresh], [false_one], [true_one])
    assert difference.fails
    assert not runner.compare({kept, true_one}, judged, ["demo"]).fails


def test_the_runner_fails_on_a_finding_that_nobody_judged(
    root: Path, runner: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = root / "fixtures/optimisation/missing_zero_grad"
    shutil.copytree(faulty, tmp_path / "demo")

    assert runner.main([str(tmp_path)]) == 1
    assert re.search(r"^new +demo/\S+:\d+ DNN511$", capsys.readouterr().out, re.MULTILINE)


def test_the_runner_is_content_with_a_clean_repository(
    runner: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "train.py").write_text("import torch\n", encoding="utf-8")

    assert runner.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 repositories, 0 findings, 0 new, 0 gone, 0 true ones missing\n"


def test_the_runner_names_a_folder_without_repositories(
    runner: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.main([str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_the_runner_names_a_repository_that_gave_no_answer(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo").mkdir()
    monkeypatch.setattr(runner, "SCOPES", {"demo": "no-such-folder"})

    assert runner.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("demo: dnnlint ended with 2: ")
