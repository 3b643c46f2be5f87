"""Comparisons that decide what is kept as the best: found once, when the program is lowered."""

from __future__ import annotations

from typing import Any, NamedTuple

from dnnlint.script import ir, spelling
from dnnlint.script.tables import metrics

_BEST = frozenset({
    "best", "min", "max", "lowest", "highest", "optimal", "minimum", "maximum", "smallest", "largest", "record",
})  # fmt: skip
_IMPROVED = frozenset({"best", "improved", "better", "improvement"})
_EXTREMES = {
    "max": "higher", "min": "lower", "argmax": "higher", "argmin": "lower", "nanargmax": "higher", "nanargmin": "lower",
    "sorted": None,
}  # fmt: skip
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
                if choice is None and orelse and one is test:  # where no test holds, this one does not
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
        if spelling.spell(best) == target != "..." and _best(best):
            return Choice(call, metric, best, keeps)
    return None


def in_list(statement: Any, call: Any) -> Choice | None:
    """The choice in ``best_epoch = losses.index(min(losses))``, or ``best = sorted(runs, key=loss)[0]``."""
    if type(statement) is not ir.Assign or statement.value is None or not call.args:
        return None
    target = statement.targets[0]
    if not any("best" in metrics.parts(spelling.last(one)) for one in _targets(target)):
        return None
    keeps, node = _EXTREMES.get(spelling.last(call.func)), statement.value
    while node is not call:
        kind = type(node)
        if kind is ir.Subscript and node.value is call and spelling.last(call.func) == "sorted":
            keeps = _end(call, node.index)
            node = call
        elif kind is ir.Subscript:
            node = node.index if type(node.index) in (ir.Call, ir.Name) else node.value
        elif kind is ir.Call and len(node.args) == 1 and spelling.last(node.func) in ("int", "float", "index"):
            node = node.args[0]
        elif kind is ir.Call and not node.args and spelling.last(node.func) == "item":
            node = node.func.value
        else:
            return None
    return Choice(call, _key(call) or call.args[0], target, keeps) if keeps is not None else None


def _targets(node: Any) -> list[Any]:
    return list(node.items) if type(node) is ir.Seq else [node]


def _end(call: Any, index: Any) -> str | None:
    """Which values lie at one end of ``sorted(...)``."""
    turned = [value.value if type(value) is ir.Const else ... for name, value in call.keywords if name == "reverse"]
    first = type(index) is ir.Const and index.value == 0
    last = type(index) is ir.UnaryOp and index.op == "-" and getattr(index.value, "value", None) == 1
    if not (first or last) or turned[:1] not in ([], [True], [False]):
        return None
    return "higher" if (turned == [True]) is first else "lower"


def _key(call: Any) -> Any:
    """What the members of a list are compared by."""
    for name, value in call.keywords:
        if name == "key":
            if type(value) is ir.Lambda:
                return value.body
            return value.args[0] if type(value) is ir.Call and len(value.args) == 1 else value
    return None


def _kept(test: Any, block: list[Any], turned: bool) -> Choice | None:
    for statement in block:
        if type(statement) is ir.Assign and statement.value is not None and len(statement.targets) == 1:
            for target, value in _pairs(statement.targets[0], statement.value):
                choice = _sides(test, (spelling.spell(target), spelling.spell(value)), turned)
                if choice is not None:
                    return choice
    return None


def _pairs(target: Any, value: Any) -> list[tuple[Any, Any]]:
    """What is assigned what: in ``best, wait = loss, 0`` there are two."""
    if type(target) is ir.Seq and type(value) is ir.Seq and len(target.items) == len(value.items):
        return list(zip(target.items, value.items, strict=True))
    return [(target, value)] if type(target) is not ir.Seq else []


def _sides(test: Any, assigned: tuple[str, str] | None, turned: bool) -> Choice | None:
    """A comparison with what was best, which is the side that is assigned, or the one that is called so."""
    if len(test.ops) != 1 or test.ops[0][0] not in ("<", "<=", ">", ">="):
        return None
    operator, right = test.ops[0]
    left, right = _bare(test.left), _bare(right)
    larger = "higher" if operator in (">", ">=") else "lower"
    for metric, best, keeps in ((left, right, larger), (right, left, _TURNED[larger])):
        if not _best(best) or (assigned is not None and not _assigned(metric, best, *assigned)):
            continue
        if assigned is None and _best(metric):
            continue
        return Choice(test, metric, best, _TURNED[keeps] if turned else keeps)
    return None


def _best(node: Any) -> bool:
    """Whether an expression is that of the best value so far, or a part of the best result."""
    return holds_best(node) or "best" in metrics.parts(spelling.spell(node))


def _assigned(metric: Any, best: Any, target: str, value: str) -> bool:
    """Whether what was best is assigned, or the whole of which it is a part: ``best = result``."""
    spelled = spelling.spell(best)
    if "..." in target or spelled == target:
        return spelled == target != "..."
    rest = spelled.removeprefix(target)
    return rest != spelled and rest[:1] in (".", "[") and spelling.spell(metric) == value + rest


def _bare(node: Any) -> Any:
    """One side of a comparison without the margin that is added to it: ``best - delta``."""
    while type(node) is ir.BinOp and node.op in "+-" and spelling.spell(node.left) != "...":
        node = node.left
    return node
