"""The documentation says what the code does."""

import importlib.util
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

from dnnlint import contract
from dnnlint.cli import main
from dnnlint.diagnostic import Place, Severity
from dnnlint.engine import judge
from dnnlint.evidence.script import Loader

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)#]+)")


def loaded(file: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(file: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", file.read_text(), re.MULTILINE | re.DOTALL)


def test_generated_pages_are_current() -> None:
    generate = loaded(DOCS / "generate.py", "generate")
    stored = {file.name: file.read_text() for file in (DOCS / "rules").glob("*.md")}

    assert stored == generate.pages(generate.built_in()), "run python docs/generate.py"


def test_the_worked_example_is_a_rule_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "single_sample_batch.py"
    file.write_text(blocks(DOCS / "adding-a-rule.md", "python")[0])
    monkeypatch.setitem(sys.modules, "example", module := loaded(file, "example"))
    rule = contract.make(module.SingleSampleBatch)
    facts = [
        Loader(Place("train.py", 7), "loader", True, False, None, sampler=False, iterable=False, batch_size=size)
        for size in (1, 32, None)
    ]

    assert rule.name == "single-sample-batch"
    (verdict,) = judge(facts, [rule])
    assert (verdict.finding.place, verdict.finding.severity) == (Place("train.py", 7), Severity.ADVICE)
    assert rule.message.format_map(verdict.finding.blanks) == "`loader` trains on batches of one sample"


def test_the_door_shown_to_other_packs_is_ours() -> None:
    shown = blocks(DOCS / "adding-a-rule.md", "python")[1]
    code = [line for line in shown.splitlines() if line]
    own = [line for line in (ROOT / "rules" / "__init__.py").read_text().splitlines() if line and '"""' not in line]

    assert code == own


@pytest.mark.parametrize("page", ["README.md", "docs/design.md", "docs/adding-a-rule.md"])
def test_links_lead_somewhere(page: str) -> None:
    file = ROOT / page

    assert [link for link in LINK.findall(file.read_text()) if not (file.parent / link).exists()] == []


def test_the_readme_shows_what_the_program_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ((command, *shown),) = [
        block.splitlines() for block in blocks(ROOT / "README.md", "console") if "$ dnnlint check" in block
    ]
    monkeypatch.chdir(ROOT)
    main(shlex.split(command.removeprefix("$ dnnlint")))

    out, err = capsys.readouterr()
    assert [line.rstrip() for line in (out + err).splitlines()] == shown


def test_the_configuration_in_the_readme_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks(ROOT / "README.md", "toml")
    (tmp_path / "pyproject.toml").write_text(block)
    monkeypatch.chdir(tmp_path)

    assert main(["check"]) == 0


def test_the_readme_has_the_two_commands_that_ci_runs() -> None:
    lines = [line for block in blocks(ROOT / "README.md", "sh") for line in block.splitlines()]

    assert [line.rpartition("&& ")[2].split()[0] for line in lines] == [".venv/bin/dnnlint", ".venv/bin/pytest"]
