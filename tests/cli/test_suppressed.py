"""Comments that silence findings, seen from the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def concise(run: Run) -> Callable[..., list[str]]:
    """Place and code of each finding in a script of the given lines."""

    def findings(*lines: str, options: tuple[str, ...] = ()) -> list[str]:
        Path("train.py").write_text("\n".join(("import torch", *lines, "")))
        _, out, _ = run("check", "--output-format", "concise", *options)
        return [" ".join(line.split(" ")[:2]).removeprefix("train.py:") for line in out.splitlines()]

    return findings


Concise = Callable[..., list[str]]


@pytest.mark.parametrize(
    "comment",
    [
        "# dnnlint: ignore[TST101] because",
        "# dnnlint: ignore[lossy-line]",
        "# dnnlint:ignore [TST999-not, lossy-line]",
        "# dnnlint: ignore",
        "# noqa: TST101",
        "#NOQA:E501,TST101 and a reason",
        "# noqa",
        "# type: ignore  # noqa: TST101",
    ],
)
def test_a_trailing_comment_silences_its_statement(concise: Concise, comment: str) -> None:
    found = concise(f"x = 1 ; 'FAULT' {comment}")

    assert [place for place in found if "TST101" in place] == []


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: E501",
        "# noqa: TST102",
        "# dnnlint: ignore[TST102]",
        "# noqa-not",
        "'# dnnlint: ignore'",
        "# dnnlint is fine",
    ],
)
def test_a_comment_about_something_else_does_not(concise: Concise, comment: str) -> None:
    assert concise(f"x = 1 ; 'FAULT' {comment}", options=("--ignore", "TST002")) == ["2:10: TST101"]


def test_any_row_of_the_statement_will_do(concise: Concise) -> None:
    assert concise("x = f(", "  'FAULT',", "  2,", ")  # dnnlint: ignore[TST101]") == []


def test_a_comment_on_its_own_line_speaks_of_the_next_statement_only(concise: Concise) -> None:
    silenced = ("# dnnlint: ignore[TST101]", "", "x = f(", "  'FAULT')")

    assert concise(*silenced, "y = 'FAULT'") == ["6:6: TST101"]


def test_a_whole_file(concise: Concise) -> None:
    assert concise("x = 'FAULT'", "# dnnlint: file-ignore[TST101] generated") == []


def test_an_unused_comment_is_a_finding_at_the_word_itself(concise: Concise) -> None:
    assert concise("x = 1  # dnnlint: ignore[lossy-line, TST101]") == ["2:26: TST002", "2:38: TST002"]
    assert concise("x = 1  # dnnlint: ignore") == ["2:8: TST002"]
    assert concise("x = 1  # noqa: TST101") == ["2:16: TST002"]


def test_unknown_rules_are_told_but_not_those_of_other_tools(concise: Concise) -> None:
    assert concise("x = 1  # dnnlint: ignore[TST999]") == ["2:26: TST002"]
    assert concise("x = 1  # noqa: TST999, E501, B008") == ["2:16: TST002"]
    assert concise("x = 1  # noqa: E501") == []


def test_a_blanket_noqa_is_never_unused(concise: Concise) -> None:
    assert concise("x = 1  # noqa") == []


def test_rules_that_are_off_cannot_make_a_comment_unused(concise: Concise) -> None:
    assert concise("x = 1  # dnnlint: ignore[TST102]") == []
    assert concise("x = 1  # dnnlint: ignore[TST102]", options=("--select", "ALL")) == ["2:26: TST002"]
    assert concise("x = 1  # dnnlint: ignore", options=("--ignore", "TST101")) == []


def test_the_rule_about_comments_can_be_silenced_by_name_but_not_by_the_comment_itself(concise: Concise) -> None:
    assert concise("x = 1  # dnnlint: ignore[TST101, TST002]") == []
    assert concise("# dnnlint: file-ignore[comment-unused]", "x = 1  # dnnlint: ignore[TST101]") == []
    assert concise("x = 1  # dnnlint: ignore[TST101]", options=("--ignore", "TST002")) == []


@pytest.mark.parametrize("comment", ["ignore[TST101", "ignore[]", "ignroe[TST101]", "disable", "file_ignore"])
def test_a_malformed_comment_is_told(concise: Concise, comment: str) -> None:
    assert concise(f"x = 1  # dnnlint: {comment}") == ["2:8: TST002"]


def test_a_hidden_finding_still_needs_its_comment(concise: Concise) -> None:
    assert concise("x = 'FAULT advice'  # dnnlint: ignore[TST101]") == []


def test_comments_in_a_file_without_training_are_unused_too(run: Run) -> None:
    Path("plain.py").write_text("x = 1  # dnnlint: ignore[TST101]\ny = 2  # noqa: TST101\n")

    assert run("check", "--output-format=concise")[1].startswith("plain.py:1:26: TST002 ")


def test_comments_in_an_unreadable_file_are_left_alone(concise: Concise) -> None:
    assert concise("SYNTAX ERROR", "x = 1  # dnnlint: ignore[TST101]") == ["1:1: TST001"]


def test_a_finding_in_an_imported_file_is_silenced_there(run: Run) -> None:
    Path("train.py").write_text("import torch  # FAULT in helper.py\n")
    Path("helper.py").write_text("y = 2  # dnnlint: ignore[TST101]\n")

    assert run("check")[:2] == (0, "")
    assert run("check", "train.py")[:2] == (0, "")
