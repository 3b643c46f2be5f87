"""Runs one file as a whole: its top level, then whatever the top level did not reach."""

from __future__ import annotations

import re
from typing import Any

from dnnlint.script import definitions, hooks, inlining, ir, library_bases, reproducibility, scheduling
from dnnlint.script.code import Args, Class, Func, Module
from dnnlint.script.events import gradients
from dnnlint.script.facts import completion, custom_gradients
from dnnlint.script.frames import Frame
from dnnlint.script.interpreter import Exhausted, Interpreter
from dnnlint.script.modules import Project
from dnnlint.script.networks import calling
from dnnlint.script.values import Const, Obj, Tensor, Value

_MAIN = frozenset({"main", "cli", "entry", "run", "__main__"})
_SHARE = 8  # part of the budget that one unreached function may use
_LARGE_SHARE = 2  # the same of a function that trains
_STEPS = frozenset({"backward", "step"})


def run(program: ir.Program, project: Project, fuel: int) -> tuple[object, ...]:
    """All facts of a file."""
    machine = Interpreter(project, fuel)
    machine.main = program
    machine.mentions = program.mentions
    module = Module(program.path, "__main__", program)
    module.names["__name__"] = Const("__main__")
    module.names["__file__"] = Const(program.path)
    try:
        machine.run_module(module)
    except Exhausted:
        machine.record.partial = True
        _recover(machine)
    reproducibility.settle(machine)
    machine.spare, machine.fuel = fuel, 0
    _roots(machine, module, fuel)
    completion.complete(machine)
    machine.state.rollback(0)
    found = tuple(machine.record.facts)
    _take_apart(machine, module)
    return found


def _take_apart(machine: Interpreter, module: Module) -> None:
    """Let go of what holds itself, or the collector would have to look for it."""
    for value in module.names.values():
        if type(value) is Class and value.module is module:
            value.names.clear()
            value.mro_cache = None
    module.names.clear()
    vars(machine).clear()


def _recover(machine: Interpreter) -> None:
    machine.frames.clear()
    machine.guards.clear()
    machine.loops = []
    machine.forwards = machine.building = machine.chains = 0
    machine.arm = machine.exploring = machine.several = 0
    machine.operations = None


def _roots(machine: Interpreter, module: Module, fuel: int) -> None:
    """Functions and classes that nothing in the file runs are run on arguments of which nothing is known."""
    mentions = module.program.mentions
    pending = [value for value in module.names.values() if _own(value, module)]
    pending.sort(key=lambda value: (mentions.get(value.name, 0) > 0, type(value) is Class))
    known = _telling([value for value in pending if type(value) is Func])
    for value in pending:
        if type(value) is Func and value.traits.isdisjoint(known) and not any(map(_TELLING.search, value.traits)):
            continue
        if type(value) is Func and id(value.node) not in machine.executed:
            _attempt(machine, module, _share(value, fuel), lambda value=value: _function(machine, value))
        elif type(value) is Class:
            _attempt(machine, module, fuel // _SHARE, lambda value=value: _class(machine, value, module, fuel))


# What a function must call before it is worth running on arguments of which nothing is known.
_TELLING = re.compile(
    r"backward|^step$|zero_grad|^eval$|^train|train$|fit$|epoch|loss|entropy|criter|Grid|grid_search|sweep|product|run|main|Sequential|"
    r"DataLoader|random_split|isend|irecv|^all_reduce|^all_gather|^reduce_scatter"
)
_LAYERS = re.compile(r"^(?:Linear|Conv|Module|BatchNorm|LayerNorm|GroupNorm|LSTM|GRU|RNN|Embedding|Dropout|Parameter)")
_VERBS = re.compile(r"^(?:train|fit|eval|valid|test|predict|infer|main|run|configure_optim)|_step$|loss")


def _speaks(func: Func) -> bool:
    """Whether a method of a network is called after a part of training, or makes layers."""
    return _VERBS.search(func.name) is not None or any(map(_LAYERS.search, func.traits))


def _telling(functions: list[Func]) -> set[str]:
    """Names of functions of the file that are worth running, and so those that call them."""
    functions = [func for func in functions if type(func.node) is ir.FunctionDef]
    known = {func.name for func in functions if any(map(_TELLING.search, func.traits))}
    while True:
        more = {func.name for func in functions if func.name not in known and not func.traits.isdisjoint(known)}
        if not more:
            return known
        known |= more


def _own(value: Value, module: Module) -> bool:
    if type(value) is Func:
        return value.module is module and type(value.node) is ir.FunctionDef
    return type(value) is Class and value.module is module


def _share(func: Func, fuel: int) -> int:
    """The part of the budget that a function may use: the larger one if it trains."""
    return fuel // _LARGE_SHARE if func.traits >= _STEPS else fuel // _SHARE


def _attempt(machine: Interpreter, module: Module, share: int, act: Any) -> None:
    if not machine.refuel(share):
        return
    machine.flags = {"grad": None}
    gradients.forget(machine)
    frame = Frame("<module>", module, module.names, ())
    machine.frames.append(frame)
    try:
        act()
    except Exhausted:
        machine.record.partial = True
    reproducibility.settle(machine)
    _recover(machine)


def _templates(cls: Class) -> list[Func]:
    """Inherited methods that call what the class overrides: a loop in the base class, its step in this one."""
    own = {name for name, value in cls.names.items() if type(value) is Func and not name.startswith("__")}
    found: dict[str, Func] = {}
    for base in cls.mro()[1:]:
        for name, value in base.names.items() if type(base) is Class else ():
            if (
                type(value) is Func
                and name not in own
                and type(value.node) is ir.FunctionDef
                and not value.traits.isdisjoint(own)
            ):
                found.setdefault(name, value)
    return list(found.values())


def _function(machine: Interpreter, func: Func) -> None:
    machine.flags = {"grad": True if func.name in _MAIN else None}
    scheduling.released(machine, inlining.call_function(machine, func, _given(func), func.node))


def _given(func: Func, *receiver: Value) -> Args:
    """Arguments of which nothing is known: a default of None is a place that a caller fills."""
    empty = [name for name, value in func.defaults.items() if type(value) is Const and value.value is None]
    return Args(list(receiver), {name: Obj("opaque", name=name) for name in empty})


def _class(machine: Interpreter, cls: Class, module: Module, fuel: int) -> None:
    methods = [value for value in cls.names.values() if type(value) is Func]
    templates = _templates(cls)
    pending = [*templates, *[value for value in methods if id(value.node) not in machine.executed]]
    kind = library_bases.class_kind(cls)
    if kind == "function":
        custom_gradients.state(machine, cls)
    if kind == "function" or not pending:
        return
    inherited = [value for base in cls.mro()[1:] if type(base) is Class for value in base.names.values()]
    known = _telling([*methods, *[value for value in inherited if type(value) is Func]])
    whole = kind == "module" and any(func.name in ("__init__", "forward") for func in pending)
    if kind == "module":
        pending = [func for func in pending if func.name in known or _speaks(func) or hooks.prepares(func)]
        pending.sort(key=hooks.prepares, reverse=True)
    elif not any(func.name in known for func in pending):
        return
    if not pending and not whole:
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
        calling.call_module(machine, obj, Args(inputs), cls.node)
    for func in pending:
        if (
            (func in templates or id(func.node) not in machine.executed)
            and func.kind == "function"
            and func.name != "__init__"
        ):
            depth = len(machine.frames)
            if not machine.refuel(_share(func, fuel)):
                return
            gradients.forget(machine)
            try:
                if hooks.trains(obj, func):
                    hooks.train(machine, obj, func, _given(func, obj))
                else:
                    scheduling.released(machine, inlining.call_function(machine, func, _given(func, obj), func.node))
            except Exhausted:
                machine.record.partial = True
                del machine.frames[depth:]
                machine.loops = []
                machine.forwards = machine.building = machine.chains = 0
                machine.arm = machine.exploring = machine.several = 0
                machine.operations = None
