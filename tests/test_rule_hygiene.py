"""The laws that every rule of the built-in pack keeps."""

import ast
import inspect
import re
import string
from collections.abc import Iterator
from pathlib import Path

from dnnlint.rule import Rule

FAMILIES = {
    "tool": 0,
    "data": 1,
    "network": 2,
    "initialisation": 3,
    "loss": 4,
    "optimisation": 5,
    "step": 6,
    "evaluation": 7,
    "experiment": 8,
    "hardware": 9,
}
SECTIONS = ["Why it hurts", "How it decides", "What it misses", "How to silence", "Related"]
CURES = ("use-", "avoid-", "prefer-", "check-", "do-not-", "always-", "never-")


def page(rule: Rule) -> str:
    return inspect.cleandoc(type(rule).__doc__ or "")


def spelling(name: str) -> str:
    return name.replace("-", "_")


def test_file_class_and_name_are_one_spelling(rules: tuple[Rule, ...]) -> None:
    wrong = [rule.name for rule in rules if type(rule).__module__.rpartition(".")[2] != spelling(rule.name)]

    assert wrong == []


def test_the_folder_is_the_family_of_the_code(rules: tuple[Rule, ...]) -> None:
    wrong = [
        rule.code
        for rule in rules
        if not re.fullmatch(rf"DNN{FAMILIES[type(rule).__module__.split('.')[-2]]}\d\d", rule.code)
    ]

    assert wrong == []


def test_the_name_states_the_fault_and_not_the_cure(rules: tuple[Rule, ...]) -> None:
    assert [rule.name for rule in rules if rule.name.startswith(CURES)] == []


def test_pages_follow_the_template(rules: tuple[Rule, ...]) -> None:
    headings = {rule.name: re.findall(r"^## (.+)$", page(rule), re.MULTILINE) for rule in rules}

    assert {name: found for name, found in headings.items() if found != SECTIONS} == {}


def test_no_section_of_a_page_is_empty(rules: tuple[Rule, ...]) -> None:
    empty = [rule.name for rule in rules for body in re.split(r"^## .+$", page(rule), flags=re.M) if not body.strip()]

    assert empty == []


def test_pages_open_with_one_sentence(rules: tuple[Rule, ...]) -> None:
    lines = {rule.name: page(rule).splitlines()[:2] for rule in rules}
    wrong = {name: first for name, (first, second) in lines.items() if not first.endswith(".") or second}

    assert wrong == {}


def test_related_rules_exist(rules: tuple[Rule, ...]) -> None:
    names = {rule.name for rule in rules}
    related = {rule.name: page(rule).rpartition("## Related")[2] for rule in rules}
    lost = [(name, other) for name, text in related.items() for other in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text)]

    assert [pair for pair in lost if pair[1] not in names] == []


def test_texts_end_as_what_they_are(rules: tuple[Rule, ...]) -> None:
    """A message is a clause behind a path; why and mend are sentences."""
    wrong = [
        rule.name
        for rule in rules
        if rule.message.endswith(".")
        or rule.measured.endswith(".")
        or not rule.why.endswith(".")
        or not rule.mend.endswith(".")
    ]

    assert wrong == []


def test_texts_are_single_lines(rules: tuple[Rule, ...]) -> None:
    assert [rule.name for rule in rules if "\n" in rule.message + rule.measured + rule.why + rule.mend] == []


def blanks(rule: Rule, half: str) -> set[str]:
    said = rule.measured if half == "runtime" and rule.measured else rule.message
    templates = (said, rule.why, rule.mend)
    fields = [field for text in templates for _, field, _, _ in string.Formatter().parse(text) if field]
    return {re.split(r"[.\[]", field)[0] for field in fields}


def calls_of_at(rule: Rule) -> Iterator[tuple[str, ast.Call]]:
    """Findings that a rule states, with the half that states them."""
    for half in ast.walk(ast.parse(Path(inspect.getfile(type(rule))).read_text())):
        if isinstance(half, ast.FunctionDef):
            for node in ast.walk(half):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "at":
                    yield half.name, node


def test_every_blank_is_filled_by_every_finding(rules: tuple[Rule, ...]) -> None:
    unfilled = []
    for rule in rules:
        for half, call in calls_of_at(rule):
            given = {keyword.arg for keyword in call.keywords}
            if None not in given:  # a ** that only running it can open
                unfilled += [f"{rule.name}: {blank}" for blank in blanks(rule, half) - given]

    assert unfilled == []


def test_measured_findings_carry_the_number_its_threshold_and_the_unit(rules: tuple[Rule, ...]) -> None:
    bare = []
    for rule in rules:
        for half, call in calls_of_at(rule):
            evidence = next((word.value for word in call.keywords if word.arg == "evidence"), None)
            keys = (
                {key.value for key in evidence.keys if isinstance(key, ast.Constant)}
                if isinstance(evidence, ast.Dict)
                else set()
            )
            if half == "runtime" and not keys >= {"measured", "threshold", "unit"}:
                bare.append(rule.name)

    assert bare == []


def test_rules_fit_in_two_screens(rules: tuple[Rule, ...]) -> None:
    sizes = {rule.name: len(Path(inspect.getfile(type(rule))).read_text().splitlines()) for rule in rules}

    assert {name: size for name, size in sizes.items() if size > 150} == {}
