"""What decides whether control reaches a call: the tests around it, and the early exits before it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.script import ir

if TYPE_CHECKING:
    from dnnlint.script.frames import Frame
    from dnnlint.script.interpreter import Interpreter

_TRAINING = re.compile(r"train|(?:^|_)mode|eval|infer|(?:^|_)mc|determin|bayes|stochastic", re.IGNORECASE)


def tests(run: Interpreter, node: Any, start: str = "forward") -> list[Any]:
    """The tests that stand between the outermost call of a method of a name and a node that is being run."""
    first = next((i for i, frame in enumerate(run.frames) if frame.name == start), len(run.frames) - 1)
    found: list[Any] = []
    for index in range(first, len(run.frames)):
        inner = run.frames[index + 1].site if index + 1 < len(run.frames) else None
        found.extend(around(run.frames[index], inner.node if inner is not None else node.at))
    return found


def around(frame: Frame, at: int) -> list[Any]:
    """The tests that decide whether control reaches a node of a frame's own function."""
    body = frame.function.node.body if frame.function is not None else frame.module.program.body
    found: list[Any] = []
    _descend(body, at, found)
    return found


def by_mode(found: list[Any]) -> bool:
    """Whether one of some tests asks for training or evaluation."""
    return any(_TRAINING.search(name) for test in found for name in names(test))


def names(node: Any) -> list[str]:
    """Names and attributes that stand in an expression."""
    return [part.id if type(part) is ir.Name else part.name for part in walk(node) if type(part) in (ir.Name, ir.Attr)]


def walk(node: Any) -> list[Any]:
    """Every node of a lowered piece of program."""
    found: list[Any] = []
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, ir.Node):
            found.append(one)
            stack.extend(getattr(one, field) for field in type(one).__slots__)
        elif type(one) in (list, tuple):
            stack.extend(one)
        elif type(one) is ir.Params:
            stack.extend(one.defaults.values())
    return found


def _descend(node: Any, at: int, found: list[Any]) -> bool:
    """Note the tests on the way down to a number; whether it lies below a node."""
    kind: Any = type(node)
    if kind in (list, tuple):
        return _descend_list(node, at, found)
    if not issubclass(kind, ir.Node) or (kind is ir.If and node.at > at):
        return False
    if node.at == at:
        return True
    if kind is ir.If:
        return _chosen(node, at, found)
    if kind is ir.IfExp and (_descend(node.body, at, found) or _descend(node.orelse, at, found)):
        found.append(node.test)
        return True
    if kind is ir.Try and any(_descend(block, at, found) for _, block in node.handlers):
        found.append(node.body)
        return True
    if kind is ir.BoolOp and any(_descend(value, at, found) for value in node.values):
        found.append(node.values[0])
        return True
    return any(_descend(getattr(node, field), at, found) for field in kind.__slots__)


def _descend_list(nodes: Any, at: int, found: list[Any]) -> bool:
    for index, part in enumerate(nodes):
        if _descend(part, at, found):
            found.extend(test for other in nodes[:index] for test in _exits(other))
            return True
    return False


def _chosen(node: Any, at: int, found: list[Any]) -> bool:
    for index, (test, block) in enumerate(node.branches):
        if _descend(test, at, found):
            return True
        if _descend(block, at, found):
            found.extend(test for test, _ in node.branches[: index + 1])
            return True
    if _descend(node.orelse, at, found):
        found.extend(test for test, _ in node.branches)
        return True
    return False


def _exits(statement: Any) -> list[Any]:
    """The tests of a statement by which control may leave before the next one."""
    if type(statement) is not ir.If:
        return []
    blocks = [block for _, block in statement.branches]
    left = any(block and type(block[-1]) in (ir.Return, ir.Raise, ir.Continue, ir.Break) for block in blocks)
    return [test for test, _ in statement.branches] if left else []
