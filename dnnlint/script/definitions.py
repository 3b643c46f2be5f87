"""Functions, classes and star imports: what definitions bind, and what building an instance does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import calls, flow, hooks, inlining, ir, library_bases, objects, parsers, scheduling
from dnnlint.script.code import Args, Class, Func, Lazy, Module
from dnnlint.script.events import construction, devices
from dnnlint.script.frames import Frame
from dnnlint.script.networks import building
from dnnlint.script.tables import aliases
from dnnlint.script.values import Const, Ext, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_REGISTERED = 4  # runs of a decorator that only registers; of what it would add it is known that there is more
_GRAD_OFF = ("no_grad", "inference_mode")


def function(run: Interpreter, node: Any) -> Value:
    """The value a def statement binds."""
    frame = run.frame
    inside = frame.locals is not frame.module.names
    closure = (frame.locals, *frame.closure) if inside and type(frame.function) is Func else frame.closure
    func = Func(node, frame.module, closure, node.name)
    for name, expression in node.params.defaults.items():
        func.defaults[name] = run.evaluate(expression)
    result: Value = func
    for decorator in reversed(node.decorators):
        result = _decorate(run, func, result, decorator)
    return result


def _decorate(run: Interpreter, func: Func, current: Value, decorator: Any) -> Value:
    target = decorator.func if type(decorator) is ir.Call else decorator
    value = run.evaluate(target)
    name = value.dotted.rpartition(".")[2] if type(value) is Ext else getattr(target, "name", "")
    if name in ("property", "cached_property", "setter", "getter"):
        func.kind = "property"
    elif name == "staticmethod":
        func.kind = "static"
    elif name == "classmethod":
        func.kind = "class"
    elif name in ("contextmanager", "asynccontextmanager"):
        func.kind = "context"
    elif name in _GRAD_OFF:
        func.grad = False
    elif name == "enable_grad":
        func.grad = True
    elif name == "set_grad_enabled" and type(decorator) is ir.Call and decorator.args:
        known, _ = run.truth(run.evaluate(decorator.args[0]))
        func.grad = known
    elif name in ("option", "argument") and type(decorator) is ir.Call:
        parsers.click_option(run, func, decorator)
    elif type(value) is Func and type(decorator) is not ir.Call:
        return _decorated(run, value, current, decorator)
    return current


def _decorated(run: Interpreter, decorator: Func, current: Value, node: Any) -> Value:
    """What a decorator of the project makes of a function; one that just registers is run a few times only."""
    before = run.registered.setdefault(id(decorator.node), [])
    if len(before) == _REGISTERED:
        for fields in before[-1]:
            run.write(fields, "$more", True)
        return current
    mark = run.state.mark()
    made = inlining.call_function(run, decorator, Args([current]), node)
    if type(made) is Func and made is not current:
        return made
    before.append([cell for cell, key, _ in run.state.journal[mark:] if key == "$items"])
    return current


def klass(run: Interpreter, node: Any) -> Value:
    """The value a class statement binds."""
    outer = run.frame
    bases = [run.evaluate(base) for base in node.bases]
    cls = Class(node, outer.module, [base for base in bases if base is not None])
    for decorator in node.decorators:
        target = decorator.func if type(decorator) is ir.Call else decorator
        value = run.evaluate(target)
        if type(value) is Ext and value.dotted.rpartition(".")[2] in ("dataclass", "define", "attrs", "frozen", "s"):
            cls.dataclass = True
    if any(type(base) is Ext and base.dotted.endswith(("NamedTuple", "BaseModel")) for base in cls.mro()):
        cls.dataclass = True
    if any(type(base) is Class and base.dataclass for base in cls.bases):
        cls.dataclass = True
    closure = (outer.locals, *outer.closure) if outer.function is not None else outer.closure
    frame = Frame(node.name, outer.module, cls.names, closure)
    frame.mark = run.state.mark()
    run.frames.append(frame)
    try:
        run.block(node.body)
    finally:
        run.frames.pop()
    for value in cls.names.values():
        if type(value) is Func:
            value.owner = cls
            # A method does not see the names of its class body.
            value.closure = tuple(cell for cell in value.closure if cell is not cls.names)
    return cls


def star(run: Interpreter, node: Any) -> None:
    """``from module import *``: the names of a project module, or nothing that can be told."""
    module = run.project.module(run, run.frame.module, node.level, node.module)
    if type(module) is Module:
        exported = module.names.get("__all__")
        listed = objects.known_items(exported) if isinstance(exported, Value) else None
        for name, value in list(module.names.items()):
            if listed is not None:
                if any(type(item) is Const and item.value == name for item in listed):
                    run.write(run.frame.locals, name, value)
            elif not name.startswith("_"):
                run.write(run.frame.locals, name, value)
        return
    for name in aliases.star_names(node.module):
        run.write(run.frame.locals, name, Lazy(run.frame.module, 0, node.module, name))


def instantiate(run: Interpreter, cls: Class, args: Args, node: Any) -> Value:
    """An instance of a project class; its constructor is run."""
    kind = library_bases.class_kind(cls)
    if kind == "function":
        return flow.unknown(args.values())
    obj = Obj(kind, cls, run.place(node))
    if any(not library_bases.closed_base(base) for base in cls.foreign()):
        obj.fields["$open"] = True  # a base that is not known may do anything
    run.write(obj.fields, "$made", True)
    if kind == "dataset":
        obj.fields["$given"] = args
    building.prepare(run, obj)
    init = cls.find("__init__")
    result: Value | None = None
    if type(init) is Func:
        run.building += 1
        try:
            result = inlining.call_function(run, init, Args([obj, *args.positional], args.keywords, args.open), node)
        finally:
            run.building -= 1
    elif cls.dataclass:
        _fill_dataclass(run, obj, cls, args)
    else:
        library_bases.init_from_base(run, obj, args, node)
    post = cls.find("__post_init__")
    if type(post) is Func and cls.dataclass:
        inlining.call_function(run, post, Args([obj]), node)
    building.built(run, obj, node)
    if kind in ("instance", "scheduler"):
        scheduling.by_hand(run, obj, cls)
    construction.finished(run, obj, result)
    if hooks.lightning(cls):
        devices.forget(run, obj)  # Lightning moves it, and the batches
    return obj


def _fill_dataclass(run: Interpreter, obj: Obj, cls: Class, args: Args) -> None:
    fields: list[str] = []
    for base in reversed(cls.mro()):
        if type(base) is not Class:
            continue
        for statement in base.node.body:
            if type(statement) is ir.Assign and statement.annotation is not None:
                name = getattr(statement.targets[0], "id", "")
                if name and name not in fields:
                    fields.append(name)
    for index, name in enumerate(fields):
        value = args.get(index, name)
        if value is None:
            value = _field_default(run, cls.find(name), args.open)
        run.write(obj.fields, name, value if value is not None else Obj("opaque", name=name))


def _field_default(run: Interpreter, value: Any, hidden: bool) -> Value | None:
    if hidden or not isinstance(value, Value):
        return None
    if type(value) is Obj and value.kind == "field":
        inner: Value | None = value.fields.get("default")
        factory = value.fields.get("default_factory")
        if inner is None and factory is not None:
            return calls.call(run, factory, Args(), value.fields["$node"])
        return inner
    return value.softened() if type(value) is Const else value


__all__ = ["ir"]
