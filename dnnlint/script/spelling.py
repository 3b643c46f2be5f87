"""Expressions as the script spells them."""

from __future__ import annotations

import re
from typing import Any

from dnnlint.script import ir

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_COMMON = re.compile(
    r"(?:net|network|model|module|opt|optim|optimizer|optimiser|solver|adam|sgd|self|train|main|the|item|of)s?$"
)


def last(node: Any) -> str:
    """The last name in an expression: ``b`` of ``a.b``, ``a.b[0]`` and ``a.b()``."""
    while type(node) in (ir.Subscript, ir.Call):
        node = node.value if type(node) is ir.Subscript else node.func
    return str(node.id if type(node) is ir.Name else node.name if type(node) is ir.Attr else "")


def spell(node: Any) -> str:
    """A name, attribute or subscript as it is written; ``...`` stands for anything else."""
    if type(node) is ir.Name:
        return str(node.id)
    if type(node) is ir.Attr:
        return f"{spell(node.value)}.{node.name}"
    if type(node) is ir.Subscript:
        index = node.index.value if type(node.index) is ir.Const else "..."
        return f"{spell(node.value)}[{index!r}]"
    return "..."


def words(name: str) -> set[str]:
    """The words of the name of a network or an optimiser that tell which of several it is."""
    return {word.lower() for word in _WORD.findall(name) if not _COMMON.match(word.lower())}
