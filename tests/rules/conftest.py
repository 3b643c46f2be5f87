"""Rules are judged here over facts made by hand: no source is read."""

from collections.abc import Callable

import pytest

from dnnlint.rule import Finding, Rule

Judge = Callable[[str, object], list[Finding]]


@pytest.fixture
def judge(rules: tuple[Rule, ...]) -> Judge:
    """What the rule of a given name finds in one fact."""
    by_name = {rule.name: rule for rule in rules}

    def found(name: str, fact: object) -> list[Finding]:
        rule = by_name[name]
        assert rule.static is not None
        findings = list(rule.static(fact))
        for finding in findings:
            assert "{" not in "".join(text.format_map(finding.blanks) for text in (rule.message, rule.why, rule.mend))
        return findings

    return found
