"""Rules are judged here over facts made by hand: no source is read."""

from collections.abc import Callable

import pytest

from dnnlint import contract
from dnnlint.engine import diagnose, judge_run
from dnnlint.rule import Finding, Rule
from tests.rules import traces

Judge = Callable[[str, object], list[Finding]]
Watch = Callable[..., list[Finding]]


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


@pytest.fixture
def watch(rules: tuple[Rule, ...]) -> Watch:
    """What the rule of a given name finds in a record: channels by type, empty ones for those that are not given."""
    by_name = {rule.name: rule for rule in rules}

    def found(name: str, *channels: object) -> list[Finding]:
        rule = by_name[name]
        record = {kind: traces.empty(kind) for kind in contract.channels(type(rule))}
        assert {type(channel) for channel in channels} <= record.keys(), "the rule does not ask for this channel"
        verdicts = judge_run(record | {type(channel): channel for channel in channels}, [rule])
        diagnose(verdicts, traces.located)
        return [verdict.finding for verdict in verdicts]

    return found
