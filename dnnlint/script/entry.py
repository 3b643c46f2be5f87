"""Runs one file as a whole: its top level, then whatever the top level did not reach."""

from __future__ import annotations

from typing import Any

from dnnlint.script import calls, definitions, facts, ir, networks
from dnnlint.script.interpreter import Exhausted, Interpreter
from dnnlint.script.modules import Project
from dnnlint.script.values import Args, Class, Const, Func, Module, Obj, Tensor, Value

_MAIN = frozenset({"main", "cli", "entry", "run", "__main__"})
_SHARE = 8  # part of the budget that one unreached function may use


def run(program: ir.Program, project: Project, fuel: int) -> tuple[object, ...]:
    """All facts of a file."""
    machine = Interpreter(project, fuel)
    module = Module(program.path, "__main__", program)
    module.names["__name__"] = Const("__main__")
    module.names["__file__"] = Const(program.path)
    try:
        machine.run_module(module)
    except Exhausted:
        machine.record.partial = True
        _recover(machine)
    _roots(machine, module, fuel)
    facts.complete(machine)
    machine.state.rollback(0)
    return tuple(machine.record.facts)


def _recover(machine: Interpreter) -> None:
    machine.frames.clear()
    machine.loops = []
    machine.forwards = machine.building = 0
    machine.operations = None


def _roots(machine: Interpreter, module: Module, fuel: int) -> None:
    """Functions and classes that nothing in the file runs are run on arguments of which nothing is known."""
    mentions = module.program.mentions
    pending = [value for value in module.names.values() if _own(value, module)]
    pending.sort(key=lambda value: (mentions.get(value.name, 0) > 0, type(value) is Class))
    for value in pending:
        if type(value) is Func and id(value.node) not in machine.executed:
            _attempt(machine, module, fuel, lambda value=value: _function(machine, value))  # type: ignore[misc]
        elif type(value) is Class:
            _attempt(machine, module, fuel, lambda value=value: _class(machine, value, module, fuel))  # type: ignore[misc]


def _own(value: Value, module: Module) -> bool:
    return type(value) in (Func, Class) and value.module is module  # type: ignore[attr-defined]


def _attempt(machine: Interpreter, module: Module, fuel: int, act: Any) -> None:
    from dnnlint.script.interpreter import Frame

    machine.fuel = fuel // _SHARE
    machine.flags = {"grad": None}
    machine.record.forget()
    frame = Frame("<module>", module, module.names, ())
    machine.frames.append(frame)
    try:
        act()
    except Exhausted:
        machine.record.partial = True
    _recover(machine)


def _function(machine: Interpreter, func: Func) -> None:
    machine.flags = {"grad": True if func.name in _MAIN else None}
    calls.call_function(machine, func, Args(), func.node)


def _class(machine: Interpreter, cls: Class, module: Module, fuel: int) -> None:
    methods = [(name, value) for name, value in cls.names.items() if type(value) is Func]
    pending = [value for _, value in methods if id(value.node) not in machine.executed]
    if not pending:
        return
    made = next((obj for obj in machine.record.modules if obj.cls is cls), None)
    obj: Value = made or definitions.instantiate(machine, cls, Args(), cls.node)
    if type(obj) is not Obj:
        return
    if not obj.name:
        obj.name = "" if obj.kind == "module" else "self"
    forward = cls.find("forward")
    if obj.kind == "module" and type(forward) is Func and id(forward.node) not in machine.executed:
        names = forward.node.params.positional[1:]
        defaults = forward.node.params.defaults
        inputs: list[Value] = [Tensor("input", (), attached=False) for name in names if name not in defaults]
        networks.call_module(machine, obj, Args(inputs), cls.node)
    for func in pending:
        if id(func.node) not in machine.executed and func.kind == "function" and func.name != "__init__":
            depth = len(machine.frames)
            machine.fuel = fuel // _SHARE
            machine.record.forget()
            try:
                calls.call_function(machine, func, Args([obj]), func.node)
            except Exhausted:
                machine.record.partial = True
                del machine.frames[depth:]
                machine.loops = []
                machine.forwards = machine.building = 0
                machine.operations = None
