"""``dnnlint rule`` explains a rule."""

import json
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("word", ["TST101", "lossy-line"])
def test_a_rule_is_explained_by_code_and_by_name(run: Run, word: str) -> None:
    status, out, err = run("rule", word)

    assert (status, err) == (0, "")
    assert out.startswith("TST101 lossy-line\nerror, high confidence, on by default\n\nA line is at fault.\n\n## Why")
    assert "Mend it.\n" in out


def test_a_rule_that_is_off_says_how_to_switch_it_on(run: Run) -> None:
    assert "off by default, switch on with --extend-select TST102" in run("rule", "TST102")[1]


def test_all_rules_are_explained_in_order(run: Run) -> None:
    out = run("rule", "--all")[1]

    codes = [line.split()[0] for line in out.splitlines() if line.startswith("TST")]
    assert codes == ["TST001", "TST002", "TST101", "TST102"]


def test_json_for_programs(run: Run) -> None:
    one = json.loads(run("rule", "TST101", "--output-format", "json")[1])
    several = json.loads(run("rule", "--all", "--output-format", "json")[1])

    assert one["summary"] == "A line is at fault."
    assert (one["level"], one["default"], one["url"]) == ("error", True, "docs/rules/lossy-line.md")
    assert several[2] == one
