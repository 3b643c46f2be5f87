"""What the tests of reading scripts share."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dnnlint.engine import judge
from dnnlint.rule import Confidence, Rule
from dnnlint.script.reader import Reader

Facts = dict[type, list[Any]]


@pytest.fixture
def read(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Facts]:
    """Read a script, and the files it imports, and sort its facts by type; each begins with the test file's HEAD."""
    head: str = request.module.HEAD

    def reading(source: str, **files: str) -> Facts:
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(head + dedent(text))
        main = tmp_path / "train.py"
        main.write_text(head + dedent(source))
        found: Facts = {}
        for fact in Reader([str(tmp_path)]).read(str(main), main.read_bytes()).facts:
            found.setdefault(type(fact), []).append(fact)
        return found

    return reading


@pytest.fixture
def find(tmp_path: Path, rules: tuple[Rule, ...], request: pytest.FixtureRequest) -> Callable[[str], set[str]]:
    """Read a script and give the codes, of the test file's CODES, of the rules that speak up on it by default."""
    head: str = request.module.HEAD
    wanted: set[str] = request.module.CODES

    def finding(source: str) -> set[str]:
        main = tmp_path / "train.py"
        main.write_text(head + source)
        facts = Reader([str(tmp_path)]).read(str(main), main.read_bytes()).facts
        verdicts = judge(facts, [rule for rule in rules if rule.code in wanted])
        return {v.rule.code for v in verdicts if v.finding.confidence is not Confidence.LOW}

    return finding
