"""The formats for programs and for grep, and when colour is wanted."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnlint.diagnostic import Diagnostic, Edit, Fix, Severity, Span
from dnnlint.report.concise import concise
from dnnlint.report.json import as_json
from dnnlint.report.paint import joined, wants_colour
from dnnlint.report.summary import summary

FINDING = Diagnostic(
    "DNN401", "softmax-before-cross-entropy", Severity.ERROR, "seen", "why", "mend", "a.py", Span(3, 5, 3, 9)
)


def test_concise_is_one_line_a_finding_whatever_the_message() -> None:
    findings = [FINDING, FINDING._replace(message="two\nlines\x1b")]

    assert joined(concise(findings), colour=False) == "a.py:3:5: DNN401 seen\na.py:3:5: DNN401 two lines␛\n"


def test_a_fix_is_written_out() -> None:
    fix = Fix("safe", "swap", (Edit(Span(1, 2, 3, 4), "new"),))

    (item,) = json.loads(as_json([FINDING._replace(fix=fix)]))

    edit = {"location": {"row": 1, "column": 2}, "end_location": {"row": 3, "column": 4}, "content": "new"}
    assert item["fix"] == {"applicability": "safe", "message": "swap", "edits": [edit]}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.frozensets(st.integers()),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.text(), inner) | st.tuples(inner),
    max_leaves=8,
)


@given(evidence=st.dictionaries(st.text(), ANYTHING), message=st.text(st.characters(codec=None)))
def test_json_is_strict_and_ascii_whatever_the_evidence(evidence: dict[str, Any], message: str) -> None:
    written = as_json([FINDING._replace(evidence=evidence, message=message)])

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    (item,) = json.loads(written, parse_constant=refuse)
    assert item["message"] == message
    assert written.isascii()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environment", "on_terminal", "elsewhere"),
    [
        ("auto", {}, True, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, True, True),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_when_colour_is_wanted(choice: str, environment: dict[str, str], on_terminal: bool, elsewhere: bool) -> None:
    assert wants_colour(choice, Terminal(), environment) is on_terminal
    assert wants_colour(choice, io.StringIO(), environment) is elsewhere


def test_the_summary_counts_by_severity() -> None:
    kinds = [FINDING, FINDING, FINDING._replace(severity=Severity.WARNING), FINDING._replace(severity=Severity.ADVICE)]

    assert summary(kinds, 12, 3, 1) == (
        "Found 2 errors, 1 warning, 1 piece of advice in 1 file: "
        "12 files checked, 3 of them with training code; 1 finding silenced by comments."
    )
    assert summary([], 1, 0, 0) == "No findings: 1 file checked, 0 of them with training code."
