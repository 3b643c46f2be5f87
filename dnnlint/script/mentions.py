"""What a piece of code names: for the few questions that are not about values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from dnnlint.script import ir
from dnnlint.script.code import Class, Func

_MOST_METHODS = 16


def nodes(part: Any) -> Iterator[Any]:
    """All nodes of a lowered piece of code, in no order."""
    stack = [part]
    while stack:
        item = stack.pop()
        if isinstance(item, ir.Node):
            yield item
            stack.extend([getattr(item, name) for name in type(item).__slots__])
        elif type(item) in (list, tuple):
            stack.extend(item)


def reads(body: ir.Block, name: str) -> int:
    """How often a name is read in a body, apart from growing the list it stands for."""
    found: Counter[bool] = Counter()
    for node in nodes(body):
        if type(node) is ir.Name and node.id == name:
            found[True] += 1
        elif _grows(node, name) or _binds(node, name):
            found[False] += 1
    return found[True] - found[False]


def _grows(node: Any, name: str) -> bool:
    func: Any = node.func if type(node) is ir.Call else None
    return (
        type(func) is ir.Attr
        and func.name in ("append", "extend", "insert")
        and type(func.value) is ir.Name
        and bool(func.value.id == name)
    )


def _binds(node: Any, name: str) -> bool:
    if type(node) is ir.Assign:
        return any(type(target) is ir.Name and target.id == name for target in node.targets)
    return type(node) is ir.AugAssign and type(node.target) is ir.Name and bool(node.target.id == name)


class Mentions:
    """The names and attributes in a method and in the methods of its object that it leads to."""

    __slots__ = ("attributes", "functions", "names", "writes")

    def __init__(self, cls: Class, start: str) -> None:
        self.names: set[str] = set()  # every name and attribute
        self.attributes: set[str] = set()  # what is read off the object itself
        self.writes: set[str] = set()  # what is set on the object itself
        self.functions: list[Func] = []
        pending = [start]
        while pending and len(self.functions) < _MOST_METHODS:
            func = cls.find(pending.pop())
            if type(func) is Func and type(func.node) is ir.FunctionDef and func not in self.functions:
                self.functions.append(func)
                pending += self._look(func)

    def _look(self, func: Func) -> list[str]:
        own = func.node.params.positional[0] if func.node.params.positional else ""
        found = []
        for node in nodes(func.node.body):
            kind = type(node)
            if kind is ir.Name:
                self.names.add(node.id)
            elif kind is ir.Attr:
                self.names.add(node.name)
                if type(node.value) is ir.Name and node.value.id == own:
                    found.append(node.name)
            elif kind is ir.Assign:
                self.writes |= {target.name for target in node.targets if _of(target, own)}
        self.attributes.update(found)
        return found


def _of(target: Any, own: str) -> bool:
    return type(target) is ir.Attr and type(target.value) is ir.Name and bool(target.value.id == own)
