"""Lines of a healthy script, exchanged for faulty ones.

A pattern is a source line without its indentation in which ``{name}`` stands for any text; the lines that take its
place may use the same names. ``#!`` at the end of a line says that a finding may point there.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

Files = Mapping[str, str]  # name -> text
MARK = "# watch: "


class Edit(NamedTuple):
    """What is done to the lines that a pattern matches."""

    old: str
    new: str  # "" deletes the line
    lines: int | None = 1  # how many must match; None for any number but zero


def swap(old: str, new: str) -> Edit:
    """Exchange the only line that matches."""
    return Edit(old, new)


def swap_all(old: str, new: str) -> Edit:
    """Exchange every line that matches."""
    return Edit(old, new, None)


def drop(old: str) -> Edit:
    """Delete the only line that matches."""
    return Edit(old, "")


def mark(old: str) -> Edit:
    """Leave the matching lines as they are, but let a finding point there."""
    return Edit(old, old + "  #!", None)


def apply(files: Files, edits: tuple[Edit, ...], rule: str) -> dict[str, str]:
    """The files after all edits, the marks spelt out with the rule's name."""
    lines = [(name, line) for name, text in files.items() for line in text.splitlines()]
    for edit in edits:
        lines = _edited(lines, edit)
    marked = dict.fromkeys(files, "")
    for name, line in lines:
        marked[name] += line.replace("#!", MARK + rule) + "\n"
    return marked


def _edited(lines: list[tuple[str, str]], edit: Edit) -> list[tuple[str, str]]:
    pattern = re.compile(_regex(edit.old))
    result, count = [], 0
    for name, line in lines:
        match = pattern.fullmatch(line)
        if match is None:
            result.append((name, line))
            continue
        count += 1
        result.extend((name, match["indent"] + new) for new in _filled(edit.new, match).splitlines())
    if count == 0 or edit.lines not in (None, count):
        raise ValueError(f"{count} lines match {edit.old!r}, expected {edit.lines or 'some'}")
    return result


def _filled(new: str, match: re.Match[str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda hole: match[hole[1]], new)


def _regex(pattern: str) -> str:
    """A name that stands twice in a pattern must stand for the same text."""
    seen: set[str] = set()

    def hole(match: re.Match[str]) -> str:
        name = match[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>.*?)"

    parts = re.split(r"(\{\w+\})", pattern)
    body = "".join(re.sub(r"\{(\w+)\}", hole, part) if part.startswith("{") else re.escape(part) for part in parts)
    return r"(?P<indent>\s*)" + body + r"(?:  #!)?"
