"""The page of a rule, for the terminal and for programs."""

from collections.abc import Iterator
from typing import Any

from dnnlint.report.paint import SEVERITY_STYLES, Segment
from dnnlint.rule import Rule


def page_url(name: str) -> str:
    """Where the page of a rule lies in the project."""
    return f"docs/rules/{name}.md"


def page(rule: Rule, default: bool) -> Iterator[Segment]:
    """Show the page: what the rule is called, what it says, and its text."""
    state = "on by default" if default else f"off by default, switch on with --extend-select {rule.code}"
    yield f"{rule.code} {rule.name}\n", SEVERITY_STYLES[rule.level]
    yield f"{rule.level}, {rule.confidence} confidence, {state}\n\n", ""
    for line in text(rule).splitlines():
        heading = line.startswith("#")
        yield f"{line}\n", "bold" if heading else ""
    yield "\n## What it says\n", "bold"
    yield f"{rule.message}\n{rule.why}\n{rule.mend}\n", ""


def record(rule: Rule, default: bool) -> dict[str, Any]:
    """The same for programs."""
    body = text(rule)
    return {
        "code": rule.code,
        "name": rule.name,
        "level": str(rule.level),
        "confidence": str(rule.confidence),
        "default": default,
        "summary": body.partition("\n")[0],
        "message": rule.message,
        "why": rule.why,
        "mend": rule.mend,
        "page": body,
        "url": page_url(rule.name),
    }


def text(rule: Rule) -> str:
    """The docstring of a rule, its indentation removed."""
    from inspect import cleandoc

    return cleandoc(type(rule).__doc__ or "")
