"""Arithmetic on abstract values."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import arrays, flow, ir, lengths, objects, parameters, strings, tensors
from dnnlint.script.code import Args
from dnnlint.script.events import averages, masks, retention
from dnnlint.script.facts import numerics, weighting
from dnnlint.script.lattice import join
from dnnlint.script.networks import building
from dnnlint.script.values import SIZE, TALLY, TOTAL, Const, Ext, Iteration, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "&": operator.and_,
    "|": operator.or_, "^": operator.xor,
}  # fmt: skip
_TENSOR_OPS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul", "**": "pow", "//": "cut", "%": "cut"}
_BIG = 1 << 64
_MOST_ITEMS = 512  # of a sequence that is put together


def arithmetic(run: Interpreter, node: Any) -> Value:
    """The value of a chain of binary operators, which may be too long to recurse into."""
    spine = []
    while type(node) is ir.BinOp:
        spine.append(node)
        node = node.left
    value = run.evaluate(node)
    for item in reversed(spine):
        value = binary(run, item.op, value, run.evaluate(item.right), item)
    return value


def unary(run: Interpreter, node: Any) -> Value:
    """The value of ``-x``, ``+x``, ``~x`` or ``not x``."""
    value = run.evaluate(node.value)
    if node.op == "not":
        known, soft = run.truth(value)
        return Const(... if known is None else not known, soft)
    if type(value) is Ext and node.op == "-" and value.dotted.endswith((".inf", ".Inf", ".infty")):
        return Const(-math.inf)
    if type(value) is Const:
        if node.op in "+-" and isinstance(value.value, (int, float)):
            return Const(-value.value if node.op == "-" else value.value, value.soft)
        return Const(..., value.soft)
    if flow.tensorial(value):
        op = {"-": "neg", "+": "view"}.get(node.op, "cut")
        attached = False if op == "cut" else flow.attached(run, (value,))
        return run.operation(Tensor(op, (value,), run.place(node), attached, name=node.op))
    return flow.unknown((value,))


_QUOTIENTS = ("/", "//")


def binary(run: Interpreter, op: str, left: Value, right: Value, node: Any) -> Value:
    """The result of one binary operator."""
    if type(left) is Const and type(right) is Const:
        made = _fold(op, left, right)
        return lengths.product(run, left, right, made) if op == "*" and run.lengths else made
    if type(left) is Union or type(right) is Union:
        pairs = [(a, b) for a in options(left) for b in options(right)]
        if len(pairs) <= 6:
            return join([binary(run, op, a, b, node) for a, b in pairs])  # type: ignore[no-any-return]
    if op == "/":
        averages.divided(run, left, right, node)
    listed = concatenate(op, left, right, run.place(node))
    if listed is not None:
        if type(listed) is Obj:
            listed.fields["$born"] = run.clock
        return listed
    if flow.tensorial(left) or flow.tensorial(right):
        kind = _TENSOR_OPS.get(op, "cut")
        inputs = tuple(value for value in (left, right) if flow.flows(value))
        attached = False if kind == "cut" else flow.attached(run, inputs)
        made = Tensor(kind, inputs, run.place(node), attached, extra=(left, right), name=op)
        if kind == "div" and type(left) is Tensor and left.op == "exp":
            numerics.quotient(run, made)
        if kind == "matmul" and run.record.shares:
            weighting.multiplied(run, made)
        if kind in ("mul", "div"):
            masks.combined(run, made, left, right)
        return run.operation(made)
    return _unknown_number(op, left, right)


def _unknown_number(op: str, left: Value, right: Value) -> Obj:
    """What is worked out from values that are not known, with what it was worked out from where that tells."""
    counted = objects.counted(left) or objects.counted(right)
    result = Obj("opaque") if counted else flow.unknown((left, right))  # no data flows through a number
    if arrays.is_array(left) or arrays.is_array(right):
        arrays.note(result, op, Args([left, right]))
    if objects.counted(left) or (counted and op not in _QUOTIENTS):
        result.fields["$counts"] = op
    elif op in (*_QUOTIENTS, "*") and type(right) is Const and type(right.value) in (int, float):
        result.fields["$share"] = left
    elif op == "*" and type(left) is Const and type(left.value) in (int, float):
        result.fields["$share"] = right
    return result


def _is_size(run: Interpreter, value: Value) -> bool:
    """Whether a value is the number of samples in a batch."""
    return (
        value is SIZE
        or id(value) in run.lengths
        or (type(value) is Obj and type(value.fields.get("$length")) is Tensor)
    )


def _fold(op: str, left: Const, right: Const) -> Value:
    a, b, soft = left.value, right.value, left.soft or right.soft
    if op == "%" and isinstance(a, str) and isinstance(b, (str, int)) and a.count("%") == a.count("%s") == 1:
        return Const(a % b if len(a) < strings.LONGEST else ..., soft)
    if a is ... or b is ... or op not in _BINARY or (op == "%" and isinstance(a, (str, bytes))):
        return Const(..., soft)
    if _explodes(op, a, b):
        return Const(..., soft)
    try:
        return Const(_BINARY[op](a, b), soft)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return Const(..., soft)


def _explodes(op: str, a: Any, b: Any) -> bool:
    """Whether the result may be far larger than the operands: a number of many digits, a long text."""
    sizes = [len(x) for x in (a, b) if isinstance(x, (str, bytes, tuple))]
    if sizes:
        times = max([abs(x) for x in (a, b) if isinstance(x, int)], default=1)
        return sum(sizes) * (times if op == "*" else 1) > strings.LONGEST
    if not (isinstance(a, int) and isinstance(b, int)):
        return False
    return abs(a) > _BIG or abs(b) > _BIG or (op in ("**", "<<") and abs(a) > 1 and abs(b) > 64)


def concatenate(op: str, left: Value, right: Value, place: Place) -> Value | None:
    """The sum or multiple of sequences; None if the operands are not sequences."""
    if op == "+":
        if type(left) is Tuple and type(right) is Tuple and len(left.items) + len(right.items) <= _MOST_ITEMS:
            return Tuple(left.items + right.items)
        if type(left) is Obj and type(right) is Obj:
            if left.kind == "parameters" or right.kind == "parameters":
                return parameters.add(left, right, place)
            if left.kind == "list" and right.kind == "list":
                items = [*left.fields["$items"], *right.fields["$items"]]
                more = left.fields["$more"] or right.fields["$more"] or len(items) > _MOST_ITEMS
                return objects.new_list(items[:_MOST_ITEMS], place, more)
            if "list" in (left.kind, right.kind):
                items = [*objects.contents(left), *objects.contents(right)]
                return objects.new_list(items[:_MOST_ITEMS], place, True)
    if op == "*" and type(right) is Const and type(right.value) is int:
        known = objects.known_items(left)
        if known is not None and 0 <= right.value * len(known) <= 64 and type(left) is not Iteration:
            many = known * right.value
            return Tuple(tuple(many)) if type(left) is Tuple else objects.new_list(many, place)
        if known is not None:
            return objects.new_list(known, place, True)
    return None


def augment(run: Interpreter, node: Any, old: Value, new: Value) -> Value:
    """The value of ``old op= new``; lists grow in place."""
    if type(old) is Obj and old.kind == "list" and node.op == "+":
        items = objects.known_items(new)
        if items is None and type(new) is Obj and new.kind in ("parameters", "opaque"):
            items = [new]
        run.write(old.fields, "$items", (*old.fields["$items"], *(items or ()))[:64])
        if objects.known_items(new) is None:
            run.write(old.fields, "$more", True)
        for item in items or ():
            retention.keep(run, node, node.target, old, item, "+=")
        return old
    if type(old) is Obj and old.kind == "module" and node.op == "+" and isinstance(old.fields.get("$items"), tuple):
        more = objects.known_items(new) or []
        run.write(old.fields, "$items", (*old.fields["$items"], *more)[:64])
        for item in more:
            building.joined(run, old, item)
        return old
    if type(old) is Tensor and node.op in "+-":
        tensors.update(run, old, new, node)  # p -= lr * p.grad
        if old.op in ("leaf", "parameter") and run.flags["grad"] is False:
            return old  # changed in place, and still what gradients are wanted of
    result = binary(run, node.op, old, new, node)
    if node.op == "+" and _is_size(run, new):
        return TOTAL
    if node.op in ("+", "-"):
        retention.keep(run, node, node.target, old, new, "+=", result)
    if type(result) is Const and result.value is ... and counts(node, new):
        return TALLY
    return result


def counts(node: Any, new: Value) -> bool:
    """Whether ``n += 1`` counts one by one."""
    return node.op == "+" and type(new) is Const and new.value == 1
