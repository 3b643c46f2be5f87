"""Comparisons that decide what is kept as the best: found once, when the program is lowered."""

from __future__ import annotations

from typing import Any, NamedTuple

from dnnlint.script import ir, spelling
from dnnlint.script.tables import metrics

_BEST = frozenset({
    "best", "min", "max", "lowest", "highest", "optimal", "minimum", "maximum", "smallest", "largest", "record",
})  # fmt: skip
_IMPROVED = frozenset({"best", "improved", "better", "improvement"})
_TURNED = {"higher": "lower", "lower": "higher"}


class Choice(NamedTuple):
    """A comparison of a metric with the best one so far."""

    test: Any
    metric: Any  # the expression of the metric
    best: Any  # the expression of what was best
    keeps: str  # "higher" or "lower"


def holds_best(node: Any) -> bool:
    """Whether a name is that of the best value so far."""
    return not _BEST.isdisjoint(metrics.parts(spelling.last(node)))


def in_condition(branches: list[tuple[Any, ir.Block]], orelse: ir.Block) -> Choice | None:
    """The choice that an if statement makes: one side of its test is assigned what the other side is."""
    for test, block in branches:
        for one in test.values if type(test) is ir.BoolOp else (test,):
            if type(one) is ir.Compare:
                choice = _kept(one, block, False)
                if choice is None and len(branches) == 1 and orelse and one is test:
                    choice = _kept(one, orelse, True)
                if choice is not None:
                    return choice
    return None


def in_flag(node: Any) -> Choice | None:
    """The choice in ``is_best = acc > best_acc``."""
    if _IMPROVED.isdisjoint(metrics.parts(spelling.last(node.targets[0]))):
        return None
    return _sides(node.value, None, False)


def in_extreme(statement: Any, call: Any) -> Choice | None:
    """The choice in ``best_acc = max(acc, best_acc)``."""
    if type(statement) is not ir.Assign or statement.value is not call or len(call.args) != 2:
        return None
    target = spelling.spell(statement.targets[0])
    keeps = "higher" if spelling.last(call.func) in ("max", "maximum") else "lower"
    for best, metric in (call.args, call.args[::-1]):
        if spelling.spell(best) == target != "..." and holds_best(best):
            return Choice(call, metric, best, keeps)
    return None


def _kept(test: Any, block: list[Any], turned: bool) -> Choice | None:
    for statement in block:
        if type(statement) is ir.Assign and statement.value is not None and len(statement.targets) == 1:
            target = spelling.spell(statement.targets[0])
            choice = _sides(test, target, turned) if target != "..." else None
            if choice is not None:
                return choice
    return None


def _sides(test: Any, target: str | None, turned: bool) -> Choice | None:
    """A comparison with what was best, which is the side that is assigned, or the one that is called so."""
    if len(test.ops) != 1 or test.ops[0][0] not in ("<", "<=", ">", ">="):
        return None
    operator, right = test.ops[0]
    left, right = _bare(test.left), _bare(right)
    larger = "higher" if operator in (">", ">=") else "lower"
    for metric, best, keeps in ((left, right, larger), (right, left, _TURNED[larger])):
        if not holds_best(best) or (target is not None and spelling.spell(best) != target):
            continue
        if target is None and holds_best(metric):
            continue
        return Choice(test, metric, best, _TURNED[keeps] if turned else keeps)
    return None


def _bare(node: Any) -> Any:
    """One side of a comparison without the margin that is added to it: ``best - delta``."""
    while type(node) is ir.BinOp and node.op in "+-" and spelling.spell(node.left) != "...":
        node = node.left
    return node
