"""Every fixture is judged by every rule: bad ones where they say so, good ones never."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from dnnlint.cli import main
from dnnlint.rule import Rule

FIXTURES = Path(__file__).parent.parent / "fixtures"
NAMES = r"\s*([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)\s*(?=#|$)"
EXPECTATION = re.compile(rf"#\s*expect:{NAMES}")
WATCH = re.compile(rf"#\s*watch:{NAMES}")
WATCHED = re.compile(r'"""runtime: ([a-z0-9-]+(?:, [a-z0-9-]+)*)(?:\n|""")')
CASES = sorted(
    case
    for case in FIXTURES.glob("*/*/*")
    if case.suffix == ".py" or (case.is_dir() and not case.name.startswith("__"))
)

Finding = tuple[str, int, str]  # file inside the case, row, name of the rule


def expected(case: Path, comment: re.Pattern[str] = EXPECTATION) -> list[Finding]:
    """Read the trailing comments ``# expect: rule-name`` of a script, or of all files of a folder."""
    found = []
    for file in sorted(case.rglob("*.py")) if case.is_dir() else [case]:
        for row, line in enumerate(file.read_text().splitlines(), 1):
            if match := comment.search(line):
                found += [(file.name, row, name.strip()) for name in match[1].split(",")]
    return found


def reported(case: Path, capsys: pytest.CaptureFixture[str]) -> list[Finding]:
    main(["check", str(case), "--select", "ALL", "--output-format", "json", "--exit-zero"])
    out = capsys.readouterr().out
    return [(Path(item["filename"]).name, item["location"]["row"], item["name"]) for item in json.loads(out)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(FIXTURES).as_posix())
def test_findings_lie_exactly_where_the_fixture_expects_them(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Counter(reported(case, capsys)) == Counter(expected(case))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(FIXTURES).as_posix())
def test_bad_fixtures_expect_their_rule_and_good_ones_nothing(case: Path) -> None:
    names = {name for comment in (EXPECTATION, WATCH) for _, _, name in expected(case, comment)}
    rule = case.parent.name.replace("_", "-")

    assert case.stem.split("_")[0] in ("good", "bad")
    assert rule in names if case.stem.startswith("bad") else not names


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(FIXTURES).as_posix())
def test_what_a_run_must_show_is_said_at_the_top_and_at_the_line(case: Path, rules: tuple[Rule, ...]) -> None:
    script = case / "train.py" if case.is_dir() else case
    top = WATCHED.match(script.read_text()) if script.exists() else None
    lines = {name for _, _, name in expected(case, WATCH)}

    assert lines == (set(top[1].split(", ")) if top else set())
    assert lines <= {rule.name for rule in rules if rule.runtime}


def test_every_rule_is_shown_by_the_halves_that_it_has(rules: tuple[Rule, ...]) -> None:
    read = {name for case in CASES for _, _, name in expected(case)}
    watched = {name for case in CASES for _, _, name in expected(case, WATCH)}

    assert [rule.name for rule in rules if rule.static and rule.name not in read] == []
    assert [rule.name for rule in rules if rule.runtime and rule.name not in watched] == []


def test_every_rule_has_two_bad_and_two_good_fixtures(rules: tuple[Rule, ...]) -> None:
    kinds = Counter((case.parent.name.replace("_", "-"), case.stem.split("_")[0]) for case in CASES)
    poor = [f"{rule.name}: {kind}" for rule in rules for kind in ("bad", "good") if kinds[rule.name, kind] < 2]

    assert poor == []


def test_every_fixture_folder_belongs_to_a_rule(rules: tuple[Rule, ...]) -> None:
    folders = {folder.relative_to(FIXTURES).as_posix() for folder in FIXTURES.glob("*/*") if folder.is_dir()}
    homes = {"/".join(type(rule).__module__.split(".")[1:]) for rule in rules}

    assert folders <= homes
