"""Comparisons, and what is chosen by them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import branches, flow, objects
from dnnlint.script.events import axes, gradients, idle, selection
from dnnlint.script.lattice import join, same
from dnnlint.script.values import Const, Ext, Obj, Tensor, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "is": operator.is_, "is not": operator.is_not, "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip
_IDENTITY = frozenset({"is", "is not", "==", "!="})


def boolean(run: Interpreter, node: Any) -> Value:
    """The value of a chain of ``and`` or ``or``."""
    wanted = node.op == "or"
    kept: list[Value] = []
    soft = False
    for part in node.values:
        value = run.evaluate(part)
        known, by_default = run.truth(value)
        if known is wanted:
            if by_default and kept == []:
                return value
            kept.append(value)
            break
        if known is None or part is node.values[-1]:
            kept.append(value)
        soft = soft or by_default
    if len(kept) > 1 and all(type(value) is Const and isinstance(value.value, (bool, type(...))) for value in kept):
        return Const(...)
    value = join(kept)
    if soft and type(value) is Const:
        return Const(value.value, True)
    return value  # type: ignore[no-any-return]


def comparison(run: Interpreter, node: Any) -> Value:
    """The outcome of a chain of comparisons."""
    left = run.evaluate(node.left)
    result: Value = Const(True)
    for op, right_node in node.ops:
        right = run.evaluate(right_node)
        outcome = _compared(run, op, left, right, node)
        if type(outcome) is not Const or outcome.value is ...:
            return outcome
        result = Const(outcome.value, outcome.soft or (type(result) is Const and result.soft))
        if not outcome.value:
            return result
        left = right
    return result


def _compared(run: Interpreter, op: str, left: Value, right: Value, node: Any) -> Value:
    if op in _IDENTITY and type(right) is Const and right.value is None:
        if type(left) is Tensor:
            gradients.measured(run, left)
        return _is_none(left, op in ("is", "=="))
    if op in ("in", "not in"):
        return _contains(left, right, op == "in")
    if type(left) is Const and type(right) is Const:
        a, b, soft = left.value, right.value, left.soft or right.soft
        if a is ... or b is ... or (a is None and left.soft):  # an option without a default is going to be given
            return Const(..., soft)
        if op in ("is", "is not"):
            op = "==" if op == "is" else "!="
        try:
            return Const(bool(_COMPARE[op](a, b)), soft)
        except (TypeError, KeyError, ValueError):
            return Const(..., soft)
    if type(left) is Ext and type(right) is Ext and op in _IDENTITY and not left.dotted.endswith("__name__"):
        return Const((left.dotted == right.dotted) is (op in ("is", "==")))
    if flow.tensorial(left) or flow.tensorial(right):
        made = Tensor("cut", (left, right), run.place(node), False, name=op)
        if op in ("==", "!="):
            axes.compared(run, left, right, made)
        elif op[0] in "<>":
            selection.compared(run, node, left, right)
        return made
    return Const(...)


def _is_none(value: Value, positive: bool) -> Value:
    """The outcome of ``value is None``."""
    states = set()
    for option in options(value):
        if type(option) is Const:
            states.add(None if option.value is ... else option.value is None)
        elif (type(option) is Obj and option.kind == "opaque") or (
            type(option) is Tensor and option.op in ("unknown", "gradient", "batch", "module")
        ):
            states.add(None)
        else:
            states.add(False)
    state = states.pop() if len(states) == 1 else None
    soft = type(value) is Const and value.soft
    return Const(... if state is None else state is positive, soft)


def _contains(left: Value, right: Value, positive: bool) -> Value:
    """The outcome of ``left in right``."""
    if type(left) is not Const or left.value is ... or (left.value is None and left.soft):
        return Const(...)
    if type(right) is Const and isinstance(right.value, (str, tuple)) and isinstance(left.value, (str, int)):
        try:
            return Const((left.value in right.value) is positive, left.soft or right.soft)
        except TypeError:
            return Const(...)
    items = objects.known_items(right)
    if items is None and type(right) is Obj and right.kind == "dict" and not right.fields.get("$more"):
        items = [Const(key) for key in right.fields["$items"]]
    if items is None or any(type(item) is not Const or item.value is ... for item in items):
        return Const(...)
    soft = left.soft or any(item.soft for item in items)  # type: ignore[attr-defined]
    return Const(any(same(Const(left.value), Const(item.value)) for item in items) is positive, soft)  # type: ignore[attr-defined]


def conditional(run: Interpreter, node: Any) -> Value:
    """The value of ``a if test else b``."""
    outcome = run.evaluate(node.test)
    if type(outcome) is Ext:
        idle.tested(run, outcome, node.test)
    known, soft = run.truth(outcome)
    if known is not None:
        if soft:
            run.explore(lambda: run.evaluate(node.orelse if known else node.body) is not None)
        return run.evaluate(node.body if known else node.orelse)
    values: list[Value] = []

    def side(expression: Any, outcome: bool) -> bool:
        branches.narrowed(run, node.test, outcome)
        values.append(run.evaluate(expression))
        return True

    run.branch([lambda: side(node.body, True), lambda: side(node.orelse, False)])
    return join(values)  # type: ignore[no-any-return]
