"""Layers that a network builds, and that nothing ever looks at again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import UnusedLayer
from dnnlint.script import ir
from dnnlint.script.code import Class, Func
from dnnlint.script.events import guards
from dnnlint.script.facts import nodes
from dnnlint.script.networks import tree
from dnnlint.script.values import Obj

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

# whoever calls one of these may reach any layer without naming it
_REACHING = frozenset({
    "getattr", "__getattr__", "children", "named_children", "named_modules", "get_submodule", "vars", "eval", "exec",
    "load_state_dict", "load_state_dict_from_url", "load_url", "load_pretrained", "from_pretrained", "__getattribute__",
})  # fmt: skip
_TABLES = frozenset({"_modules", "__dict__"})
_START = re.compile(r"init|reset")  # functions that draw weights
_SETUP = frozenset({"weight", "bias", "apply", "requires_grad_", "data"})  # what is done to a layer, not with it


def state(run: Interpreter, obj: Obj, applied: set[int]) -> None:
    """State the layers of a network that its class and its file never mention but where they are built."""
    cls = obj.cls
    forward = cls.find("forward") if type(cls) is Class else None
    if type(cls) is not Class or type(forward) is not Func or obj.fields.get("$open") or forward.owner is not cls:
        return
    if len(cls.bases) != 1 or forward.owner is None or type(cls.bases[0]) is Class or not _flows(forward):
        return
    for name, value in obj.fields.items():
        if name[:1] == "$" or name in forward.traits:
            continue
        if not tree.is_module(value) or tree.has_parameters(value) is not True:
            continue
        if any(id(part) in applied for _, part in tree.descendants(value)):
            continue
        place = obj.fields.get("$at " + name)
        if place is None or not _stores(cls.node, name) or _reached(run, cls, name):
            continue
        aliases = [part for path, part in tree.descendants(obj) if part is value and path != name]
        if not aliases and not _held(obj, value):
            run.record.state(UnusedLayer(place, name, cls.name, nodes.layer(value).kind))


def _flows(forward: Func) -> bool:
    """Whether a forward pass does something: it is no stub for subclasses."""
    body = forward.node.body
    return any(type(part) is ir.Return and part.value is not None for part in guards.walk(body)) and not any(
        type(part) is ir.Raise for part in body
    )


def _held(obj: Obj, value: Obj) -> bool:
    """Whether a plain container of the network holds a layer as well."""
    return any(
        any(inner is value for inner in one.fields.get("$items", ()))
        for one in obj.fields.values()
        if type(one) is Obj and one.kind == "list"
    )


def _reached(run: Interpreter, cls: Class, name: str) -> bool:
    """Whether something may use an attribute of a class: by name, or all of them."""
    programs = [cls.module.program]
    if run.main.path != cls.module.path:
        programs.append(run.main)
    return any(_looks(program.body, cls, name) for program in programs)


def _looks(body: list[Any], cls: Class, name: str) -> bool:
    """Whether a file reads an attribute, strangers' own attributes of that name left aside."""
    for statement in body:
        stranger = type(statement) is ir.ClassDef and statement is not cls.node and not _names_class(statement, cls)
        if stranger and _stores(statement, name) and not any(part is cls.node for part in guards.walk(statement)):
            continue  # another class with a layer of the same name
        if _reads(statement, name, statement is cls.node):
            return True
    return False


def _names_class(statement: Any, cls: Class) -> bool:
    return any(cls.name in guards.names(base) for base in statement.bases)


def _stores(statement: Any, name: str) -> bool:
    targets = [target for part in guards.walk(statement) if type(part) is ir.Assign for target in part.targets]
    return any(type(target) is ir.Attr and target.name == name for target in targets)


def _reads(statement: Any, name: str, own: bool) -> bool:
    parts = guards.walk(statement)
    written = {id(target) for part in parts if type(part) is ir.Assign for target in part.targets}
    starts = [part for part in parts if type(part) is ir.FunctionDef and _START.search(part.name)]
    inside = [part for start in starts for part in guards.walk(start.body)]
    set_up = {id(part.value) for part in inside if type(part) is ir.Attr and part.name in _SETUP}
    for part in parts:
        kind: Any = type(part)
        if kind is ir.Attr:
            if part.name == name and id(part) not in written and not (own and id(part) in set_up):
                return True
            if part.name in _TABLES:
                return True
        elif kind is ir.Const and isinstance(part.value, str):
            if name in part.value and re.search(rf"\b{name}\b", part.value):
                return True
        elif own and kind is ir.Call and _called(part) in _REACHING:
            return True
    return False


def _called(call: Any) -> str:
    return call.func.name if type(call.func) is ir.Attr else getattr(call.func, "id", "")
