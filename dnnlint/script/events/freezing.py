"""Attempts to freeze that freeze nothing: a misspelt attribute, or the right one on the wrong object."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import IdleFreeze
from dnnlint.script import ir, spelling
from dnnlint.script.code import Class
from dnnlint.script.events import guards
from dnnlint.script.networks import naming, tree
from dnnlint.script.values import Const, Obj, Tensor, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_RIGHT = "requires_grad"
_PART = re.compile(r"^(?:fc|classifier|heads?|features|layer\d|conv\d|bn\d|blocks|embeddings?|pooler|stem|aux\w*)$")
_ALIKE = 0.85  # of difflib: one or two letters of thirteen


def assigned(run: Interpreter, target: Value, name: str, value: Value, node: Any) -> None:
    """An attribute whose name begins like ``requires_grad`` was set."""
    if type(node) is not ir.Attr or not _flag(value):
        return
    place, spelled = run.place(node), spelling.spell(node.value)
    if name == _RIGHT:
        how = _object(run, target, node)
    elif name == _RIGHT + "_":
        how = "method" if _learns(target) else None
    elif _learns(target) and difflib.SequenceMatcher(None, name, _RIGHT).ratio() >= _ALIKE:
        how = None if type(target) is Obj and _defines(target, name) else "misspelt"
    else:
        how = None
    if how is not None:
        sure = type(target) is Tensor or tree.is_module(target) or getattr(target, "kind", "") == "parameters"
        run.record.state(IdleFreeze(place, how, "the value" if spelled == "..." else spelled, name, sure))


def compared(run: Interpreter, node: Any) -> None:
    """A comparison that stands alone: ``param.requires_grad == False``."""
    test = node.value
    if (
        type(test.left) is ir.Attr
        and test.left.name == _RIGHT
        and len(test.ops) == 1
        and test.ops[0][0] in ("==", "is")
    ):
        run.record.state(IdleFreeze(run.place(node), "compared", spelling.spell(test.left.value), _RIGHT, True))


def _flag(value: Value) -> bool:
    return all(type(option) is Const and isinstance(option.value, (bool, type(...))) for option in options(value))


def _learns(target: Value) -> bool:
    """Whether something can be frozen: a network, or one of its parameters."""
    if type(target) is Tensor:
        return target.op in ("parameter", "leaf", "fresh", "unknown")
    return tree.is_module(target) or (type(target) is Obj and target.kind == "opaque" and naming.network_like(target))


def _object(run: Interpreter, target: Value, node: Any) -> str | None:
    """Why setting the right attribute does nothing; None if it may do something."""
    if type(node.value) is ir.Attr and node.value.name == "data":
        inner = run.evaluate(node.value.value)
        return "copy" if type(inner) is Tensor and inner.op == "parameter" else None
    if type(node.value) is ir.Call and getattr(node.value.func, "name", "") in ("detach", "clone"):
        return "copy" if type(target) is Tensor and target.op != "fresh" and _assigns(run, node) else None
    if type(target) is not Obj:
        return None
    if target.kind == "parameters":
        return "parameters"
    if tree.is_module(target):
        return "module" if target.fields.get("$to", 1) and not _defines(target, _RIGHT) else None
    if target.kind != "opaque" or target.sources:
        return None
    return "module" if naming.network_like(target) or _part_of_network(run, node) else None


def _part_of_network(run: Interpreter, node: Any) -> bool:
    """``model.fc.requires_grad = ...`` where the library network ``model`` has parts of its own."""
    if type(node.value) is not ir.Attr or not _PART.search(node.value.name):
        return False
    owner = run.evaluate(node.value.value)
    return tree.is_module(owner) or (type(owner) is Obj and owner.kind == "opaque" and naming.network_like(owner))


def _assigns(run: Interpreter, node: Any) -> bool:
    return type(run.current) is ir.Assign and len(run.current.targets) == 1 and run.current.targets[0] is node


def _defines(obj: Obj, name: str) -> bool:
    """Whether a network has an attribute of the name for itself: it is set or read in its own class."""
    if type(obj.cls) is not Class:
        return False
    for cls in obj.cls.mro():
        if type(cls) is Class and (
            name in cls.names
            or any(
                type(part) is ir.Attr and part.name == name and _of_self(part) for part in guards.walk(cls.node.body)
            )
        ):
            return True
    return False


def _of_self(part: Any) -> bool:
    return type(part.value) is ir.Name and part.value.id == "self"
