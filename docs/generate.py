"""Write docs/rules/: one page a rule, out of its docstring and its first fixtures, and the index of all rules.

Run ``python docs/generate.py`` after a rule has changed; a test says when that was forgotten.
"""

import inspect
import re
import tomllib
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from dnnlint.packs import load_rules
from dnnlint.rule import Rule

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "rules"
MARKS = re.compile(r"# (?:expect|watch): (.+?)(?:  # (?:expect|watch): .+)?$", re.MULTILINE)
WATCHED = re.compile(r'^"""runtime: .+\n\n')
NOTE = "<!-- Written by docs/generate.py; change the rule's docstring or its fixtures instead. -->\n\n"


def built_in() -> list[Rule]:
    """Rules of this repository's pack, whatever else is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pack = project["entry-points"]["dnnlint.packs"]["core"]
    return [rule for rule in load_rules() if type(rule).__module__.startswith(f"{pack}.")]


def pages(rules: Iterable[Rule]) -> dict[str, str]:
    """Text of every file below docs/rules/, by name."""
    rules = list(rules)
    names = {rule.name for rule in rules}
    return {"index.md": NOTE + index(rules)} | {f"{rule.name}.md": NOTE + page(rule, names) for rule in rules}


def index(rules: list[Rule]) -> str:
    """List all rules, family by family."""
    lines = ["# Rules", "", f"{len(rules)} rules. `dnnlint rule CODE` prints a page on the terminal.", ""]
    for family, members in groupby(rules, key=_family):
        lines += [f"## {family}", "", "| code | name | level | what |", "|---|---|---|---|"]
        lines += [f"| {r.code} | [{r.name}]({r.name}.md) | {r.level} | {_page(r).splitlines()[0]} |" for r in members]
        lines.append("")
    return "\n".join(lines)


def page(rule: Rule, names: set[str]) -> str:
    """One rule's page: the docstring, with the examples where they explain most."""
    summary, _, rest = _page(rule).partition("\n\n")
    told, missed, tail = rest.partition("## What it misses")
    body, related, links = (missed + tail).partition("## Related")
    return "\n\n".join(
        [
            f"# {rule.name} ({rule.code})",
            summary,
            f"Level: {rule.level}. Family: {_family(rule)}.",
            _spaced(told),
            _example(rule, "bad", "Bad"),
            _example(rule, "good", "Good"),
            _spaced(body),
            _spaced(related + _linked(links, names)) + "\n",
        ]
    )


def _page(rule: Rule) -> str:
    return inspect.cleandoc(type(rule).__doc__ or "")


def _family(rule: Rule) -> str:
    return type(rule).__module__.split(".")[-2]


def _example(rule: Rule, kind: str, title: str) -> str:
    file = ROOT / "fixtures" / _family(rule) / rule.name.replace("-", "_") / f"{kind}.py"
    source = MARKS.sub(r"# <-- \1", WATCHED.sub('"""', file.read_text())).rstrip()
    return f"## {title}\n\n```python\n{source}\n```"


def _spaced(section: str) -> str:
    return re.sub(r"^(## .+)\n(?!\n)", r"\1\n\n", section.strip(), flags=re.MULTILINE)


def _linked(text: str, names: set[str]) -> str:
    return re.sub(r"`([a-z-]+)`", lambda m: f"[{m[1]}]({m[1]}.md)" if m[1] in names else m[0], text)


def main() -> None:
    """Write what is to be there and remove what is not."""
    TARGET.mkdir(exist_ok=True)
    written = pages(built_in())
    for stale in set(TARGET.glob("*.md")) - {TARGET / name for name in written}:
        stale.unlink()
    for name, text in written.items():
        (TARGET / name).write_text(text)


if __name__ == "__main__":
    main()
