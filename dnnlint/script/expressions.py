"""Values of expressions: one small function a construct."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import calls, ir, objects, searches
from dnnlint.script.values import (
    MISSING,
    Args,
    Const,
    Ext,
    Func,
    Iteration,
    Lazy,
    Obj,
    Tensor,
    Tuple,
    Union,
    Value,
    join,
    options,
)

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "&": operator.and_,
    "|": operator.or_, "^": operator.xor,
}  # fmt: skip
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "is": operator.is_, "is not": operator.is_not, "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip
_TENSOR_OPS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul", "**": "pow", "//": "cut", "%": "cut"}
_BIG = 1 << 64


def lookup(run: Interpreter, name: str) -> Value:
    """What a name stands for where control is now."""
    frame = run.frames[-1]
    value = frame.locals.get(name, MISSING)
    cell = frame.locals
    if value is MISSING:
        for cell in frame.closure:
            if name in cell:
                value = cell[name]
                break
        else:
            cell = frame.module.names
            value = cell.get(name, MISSING)
    if value is MISSING:
        return Ext("builtins." + name)
    if type(value) is Lazy:
        value = run.project.resolve(run, value)
        cell[name] = value  # an import is not undone with a branch
    return value  # type: ignore[no-any-return]


def _const(run: Interpreter, node: Any) -> Value:
    return Const(node.value)


def _name(run: Interpreter, node: Any) -> Value:
    return lookup(run, node.id)


def _attr(run: Interpreter, node: Any) -> Value:
    return objects.get_attribute(run, run.evaluate(node.value), node.name, node)


def arguments(run: Interpreter, node: Any) -> Args:
    """Evaluate the arguments of a call."""
    args = Args()
    for arg in node.args:
        if type(arg) is not ir.Starred:
            args.positional.append(run.evaluate(arg))
            continue
        starred = run.evaluate(arg.value)
        items = objects.known_items(starred)
        if items is None:
            args.open = True
            if type(starred) is Iteration and starred.item is not None:
                args.positional.append(starred.item)
            elif type(starred) is Obj and starred.kind == "list":
                args.positional.extend(objects.contents(starred))
        else:
            args.positional.extend(items)
    for name, arg in node.keywords:
        value = run.evaluate(arg)
        if name is not None:
            args.keywords[name] = value
            continue
        entries = objects.known_entries(value)
        if entries is None:
            args.open = True
        else:
            args.keywords.update(entries)
    return args


def _call(run: Interpreter, node: Any) -> Value:
    func = node.func
    if type(func) is ir.Attr:
        receiver = run.evaluate(func.value)
        return calls.call_method(run, receiver, func.name, arguments(run, node), node)
    if type(func) is ir.Name and func.id in ("super", "locals", "globals"):
        return calls.call_scoped(run, func.id, arguments(run, node), node)
    return calls.call(run, run.evaluate(func), arguments(run, node), node)


def _subscript(run: Interpreter, node: Any) -> Value:
    value = run.evaluate(node.value)
    if type(node.index) is ir.Slice:
        return objects.get_slice(run, value, node.index, node)
    return objects.get_item(run, value, run.evaluate(node.index), node)


def _slice(run: Interpreter, node: Any) -> Value:
    for part in (node.lower, node.upper, node.step):
        if part is not None:
            run.evaluate(part)
    return Obj("opaque", name="slice")


def _seq(run: Interpreter, node: Any) -> Value:
    items: list[Value] = []
    more = False
    for item in node.items:
        if type(item) is not ir.Starred:
            items.append(run.evaluate(item))
            continue
        known = objects.known_items(run.evaluate(item.value))
        if known is None:
            more = True
        else:
            items.extend(known)
    if node.kind == "tuple" and not more:
        return Tuple(tuple(items))
    return objects.new_list(items, run.place(node), more)


def _dict(run: Interpreter, node: Any) -> Value:
    entries: dict[Any, Value] = {}
    more = False
    for key, value in node.items:
        item = run.evaluate(value)
        if key is None:
            known = objects.known_entries(item)
            if known is None:
                more = True
            else:
                entries.update(known)
            continue
        name = run.evaluate(key)
        if type(name) is Const and isinstance(name.value, (str, int, float, bool, tuple, type(None))):
            entries[name.value] = item
            if type(item) is Obj and item.kind == "list" and not item.name and isinstance(name.value, str):
                item.name = name.value
        elif type(name) in (Ext,):
            entries[name.dotted] = item  # type: ignore[attr-defined]
        else:
            more = True
            entries[("$", len(entries))] = item
    made = objects.new_dict(entries, run.place(node), more)
    searches.space(run, entries, run.place(node))
    return made


def binary(run: Interpreter, op: str, left: Value, right: Value, node: Any) -> Value:
    """The result of an arithmetic operator."""
    if type(left) is Const and type(right) is Const:
        return _fold(op, left, right)
    if type(left) is Union or type(right) is Union:
        pairs = [(a, b) for a in options(left) for b in options(right)]
        if len(pairs) <= 6:
            return join([binary(run, op, a, b, node) for a, b in pairs])  # type: ignore[no-any-return]
    listed = objects.concatenate(op, left, right, run.place(node))
    if listed is not None:
        return listed
    if objects.tensorial(left) or objects.tensorial(right):
        kind = _TENSOR_OPS.get(op, "cut")
        inputs = tuple(value for value in (left, right) if objects.flows(value))
        attached = False if kind == "cut" else objects.attached(run, inputs)
        return run.operation(Tensor(kind, inputs, run.place(node), attached, extra=(left, right)))
    return objects.unknown((left, right))


def _fold(op: str, left: Const, right: Const) -> Value:
    a, b, soft = left.value, right.value, left.soft or right.soft
    if a is ... or b is ... or op not in _BINARY:
        return Const(..., soft)
    if isinstance(a, str) and op == "%":
        return Const(..., soft)
    if op in ("**", "<<", "*") and any(isinstance(x, int) and abs(x) > 4096 for x in (a, b)):
        if not (op == "*" and isinstance(a, (int, float)) and isinstance(b, (int, float)) and abs(a * b) < _BIG):
            return Const(..., soft)
    try:
        return Const(_BINARY[op](a, b), soft)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return Const(..., soft)


def _binop(run: Interpreter, node: Any) -> Value:
    spine = []
    while type(node) is ir.BinOp:
        spine.append(node)
        node = node.left
    value = run.evaluate(node)
    for item in reversed(spine):
        value = binary(run, item.op, value, run.evaluate(item.right), item)
    return value


def _unary(run: Interpreter, node: Any) -> Value:
    value = run.evaluate(node.value)
    if node.op == "not":
        known, soft = run.truth(value)
        return Const(... if known is None else not known, soft)
    if type(value) is Const:
        if node.op in "+-" and isinstance(value.value, (int, float)):
            return Const(-value.value if node.op == "-" else value.value, value.soft)
        return Const(..., value.soft)
    if objects.tensorial(value):
        op = {"-": "neg", "+": "view"}.get(node.op, "cut")
        attached = False if op == "cut" else objects.attached(run, (value,))
        return run.operation(Tensor(op, (value,), run.place(node), attached))
    return objects.unknown((value,))


def _bool(run: Interpreter, node: Any) -> Value:
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


def _compare(run: Interpreter, node: Any) -> Value:
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
    if op in ("is", "is not", "==", "!=") and type(right) is Const and right.value is None:
        return objects.is_none(left, op in ("is", "=="))
    if op in ("in", "not in"):
        return objects.contains(left, right, op == "in")
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
    if op in ("is", "==", "is not", "!=") and type(left) is Ext and type(right) is Ext:
        if not left.dotted.endswith("__name__"):
            return Const((left.dotted == right.dotted) is (op in ("is", "==")))
    if objects.tensorial(left) or objects.tensorial(right):
        return Tensor("cut", (left, right), run.place(node), False)
    return Const(...)


def _ifexp(run: Interpreter, node: Any) -> Value:
    known, soft = run.truth(run.evaluate(node.test))
    if known is not None:
        return run.evaluate(node.body if known else node.orelse)
    values: list[Value] = []

    def side(expression: Any, outcome: bool) -> bool:
        run.narrowed(node.test, outcome)
        values.append(run.evaluate(expression))
        return True

    run.branch([lambda: side(node.body, True), lambda: side(node.orelse, False)])
    return join(values)  # type: ignore[no-any-return]


def _lambda(run: Interpreter, node: Any) -> Value:
    frame = run.frame
    function = Func(node, frame.module, (frame.locals, *frame.closure), "<lambda>")
    for name, default in node.params.defaults.items():
        function.defaults[name] = run.evaluate(default)
    return function


def _comp(run: Interpreter, node: Any) -> Value:
    return objects.comprehend(run, node)


def _fstring(run: Interpreter, node: Any) -> Value:
    text: str | None = ""
    soft = False
    for part in node.parts:
        value = run.evaluate(part)
        if type(value) is Const and isinstance(value.value, (str, int)) and text is not None:
            text += str(value.value)
            soft = soft or value.soft
        else:
            text = None
    return Const(... if text is None else text, soft)


def _yield(run: Interpreter, node: Any) -> Value:
    value = run.evaluate(node.value) if node.value is not None else Const(None)
    frame = run.frame
    if frame.resume is not None:
        frame.resume(value)
    elif frame.yields is not None:
        if node.delegates:
            value = objects.element(run, objects.iterate(run, value, node), node)
        frame.yields.append(value)
    return objects.unknown(())


def _walrus(run: Interpreter, node: Any) -> Value:
    value = run.evaluate(node.value)
    run.write(run.frame.locals, node.target.id, value)
    return value


def _starred(run: Interpreter, node: Any) -> Value:
    return run.evaluate(node.value)


EVALUATE: dict[type, Callable[[Interpreter, Any], Value]] = {
    ir.Const: _const,
    ir.Name: _name,
    ir.Attr: _attr,
    ir.Call: _call,
    ir.Subscript: _subscript,
    ir.Slice: _slice,
    ir.Seq: _seq,
    ir.DictExpr: _dict,
    ir.BinOp: _binop,
    ir.UnaryOp: _unary,
    ir.BoolOp: _bool,
    ir.Compare: _compare,
    ir.IfExp: _ifexp,
    ir.Lambda: _lambda,
    ir.Comp: _comp,
    ir.Starred: _starred,
    ir.FString: _fstring,
    ir.Yield: _yield,
    ir.Walrus: _walrus,
}

__all__ = ["EVALUATE", "Iteration", "arguments", "binary", "lookup"]
