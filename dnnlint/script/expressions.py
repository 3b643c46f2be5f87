"""Values of expressions: one small function a construct."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import (
    attributes,
    calls,
    conditions,
    flow,
    indexing,
    ir,
    iteration,
    methods,
    objects,
    operators,
    searches,
    strings,
)
from dnnlint.script.code import Args, Func, Lazy
from dnnlint.script.lattice import MISSING
from dnnlint.script.values import Const, Ext, Iteration, Obj, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


_NAMED = frozenset({"list", "loader", "dataset"})  # called after the key they stand under


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
    made = Const(node.value)
    kind = type(node.value)
    if kind is float or kind is int:
        made.at = (run.frames[-1].module.path, node.at)
    return made


def _name(run: Interpreter, node: Any) -> Value:
    return lookup(run, node.id)


def _attr(run: Interpreter, node: Any) -> Value:
    return attributes.get_attribute(run, run.evaluate(node.value), node.name, node)


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
            if flow.flows(value):
                args.keywords["**"] = value  # the data is handed over, whatever its names
        else:
            args.keywords.update(entries)
    return args


def _call(run: Interpreter, node: Any) -> Value:
    func = node.func
    if type(func) is ir.Attr:
        receiver = run.evaluate(func.value)
        return methods.call_method(run, receiver, func.name, arguments(run, node), node)
    if type(func) is ir.Name and func.id in ("super", "locals", "globals"):
        return methods.call_scoped(run, func.id, arguments(run, node), node)
    return calls.call(run, run.evaluate(func), arguments(run, node), node)


def _subscript(run: Interpreter, node: Any) -> Value:
    value = run.evaluate(node.value)
    if type(node.index) is ir.Slice:
        return indexing.get_slice(run, value, node.index, node)
    return indexing.get_item(run, value, run.evaluate(node.index), node)


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
    made = objects.new_list(items, run.place(node), more)
    made.fields["$born"] = run.clock
    return made


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
            if type(item) is Obj and item.kind in _NAMED and not item.name and isinstance(name.value, str):
                item.name = name.value
        elif type(name) in (Ext,):
            entries[name.dotted] = item  # type: ignore[attr-defined]
        else:
            more = True
            entries[("$", len(entries))] = item
    made = objects.new_dict(entries, run.place(node), more)
    made.fields["$born"] = run.clock
    searches.space(run, entries, run.place(node))
    return made


def _lambda(run: Interpreter, node: Any) -> Value:
    frame = run.frame
    function = Func(node, frame.module, (frame.locals, *frame.closure), "<lambda>")
    for name, default in node.params.defaults.items():
        function.defaults[name] = run.evaluate(default)
    return function


def _comp(run: Interpreter, node: Any) -> Value:
    return iteration.comprehend(run, node)


def _short(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and len(value) < strings.LONGEST)


def _fstring(run: Interpreter, node: Any) -> Value:
    text: str | None = ""
    soft = False
    for part in node.parts:
        value = run.evaluate(part)
        if type(value) is Const and _short(value.value) and text is not None and len(text) < strings.LONGEST:
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
            value = iteration.element(run, iteration.iterate(run, value, node), node)
        frame.yields.append(value)
        iterable = frame.loops[-1].iterable if frame.loops else None
        if type(iterable) is Iteration and iterable.source is not None:
            frame.source = iterable.source
    return flow.unknown(())


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
    ir.BinOp: operators.arithmetic,
    ir.UnaryOp: operators.unary,
    ir.BoolOp: conditions.boolean,
    ir.Compare: conditions.comparison,
    ir.IfExp: conditions.conditional,
    ir.Lambda: _lambda,
    ir.Comp: _comp,
    ir.Starred: _starred,
    ir.FString: _fstring,
    ir.Yield: _yield,
    ir.Walrus: _walrus,
}
