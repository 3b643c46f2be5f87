"""What a name, an attribute or a pattern of them is bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import attributes, indexing, ir
from dnnlint.script.values import Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def bind(run: Interpreter, name: str, value: Value) -> None:
    """Bind a name in the current scope, or where a global statement sends it."""
    frame = run.frame
    if name in frame.globals:
        for cell in frame.closure:
            if name in cell:
                run.write(cell, name, value)
                return
        run.write(frame.module.names, name, value)
    else:
        run.write(frame.locals, name, value)


def assign(run: Interpreter, target: Any, value: Value) -> None:
    """Bind a target: a name, an attribute, an item, or a pattern of them."""
    kind = type(target)
    if kind is ir.Name:
        bind(run, target.id, value)
    elif kind is ir.Attr:
        attributes.set_attribute(run, run.evaluate(target.value), target.name, value, target)
    elif kind is ir.Subscript:
        indexing.set_item(run, run.evaluate(target.value), run.evaluate(target.index), value)
    elif kind is ir.Starred:
        assign(run, target.value, value)
    elif kind is ir.Seq:
        for part, item in zip(target.items, indexing.unpack(run, value, target), strict=True):
            name(part, item)
            assign(run, part, item)


def name(target: Any, value: Value) -> None:
    """An object is called what it is first bound to."""
    if type(value) is Obj and not value.name and type(target) in (ir.Name, ir.Attr):
        value.name = str(target.id if type(target) is ir.Name else target.name)
