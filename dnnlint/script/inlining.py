"""Functions of the project are run in place: parameters bound, the body run, what it returns joined."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import flow, ir, objects
from dnnlint.script.code import Args, Func
from dnnlint.script.events import construction, escapes
from dnnlint.script.frames import Frame
from dnnlint.script.lattice import join
from dnnlint.script.values import NEVER, NOWHERE, Const, Iteration, Obj, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOST_FRAMES = 40
_MOST_RECURSION = 2
_TRAINS = re.compile(r"train|fit|step|update|optimi|zero|clear|backward|run", re.IGNORECASE)


def call_function(
    run: Interpreter, func: Func, args: Args, node: Any, resume: Callable[[Value], None] | None = None
) -> Value:
    """Run a project function on abstract arguments and return the join of what it returns.

    ``resume`` is run wherever the function yields: it is a context manager, and that is the body of its with.
    """
    if func.kind == "context" and resume is None:
        made = Obj("generator", None, run.place(node))
        made.fields["$func"], made.fields["$given"] = func, args
        return made
    if _too_deep(run, func):
        if func.name == "__init__":
            construction.base_initialised(args.get(0, "self"), None)
        escapes.havoc(run, args.values())
        return flow.unknown(args.values())
    if run.frames and _is_abstract(func):
        if _TRAINS.search(func.name):
            escapes.havoc(run, args.values())
        return flow.unknown(args.values())
    frame = Frame(func.name, func.module, _bind(func, args), func.closure)
    frame.function = func
    frame.mark = run.state.mark()
    frame.resume = resume
    frame.site = run.place(node) if run.frames else None
    return _run_lambda(run, frame, func) if type(func.node) is ir.Lambda else _run_body(run, frame, func)


def _is_abstract(func: Func) -> bool:
    """Whether a method is left to subclasses: it does nothing but refuse."""
    body: Any = func.node.body if type(func.node) is ir.FunctionDef else ()
    return 1 <= len(body) <= 2 and type(body[-1]) is ir.Raise and body[-1].name == "NotImplementedError"


def _too_deep(run: Interpreter, func: Func) -> bool:
    depth = sum(1 for frame in run.frames if frame.function is not None and frame.function.node is func.node)
    return depth >= _MOST_RECURSION or len(run.frames) >= _MOST_FRAMES


def _run_lambda(run: Interpreter, frame: Frame, func: Func) -> Value:
    run.frames.append(frame)
    try:
        return run.evaluate(func.node.body)
    finally:
        run.frames.pop()


def _run_body(run: Interpreter, frame: Frame, func: Func) -> Value:
    run.executed.add(id(func.node))
    generator = "yield" in func.node.traits
    if generator:
        frame.yields = []
    before, off = run.flags["grad"], run.flags.get("off")
    if func.grad is not None:
        if func.grad is False and before is not False:
            run.write(run.flags, "off", Place(func.module.path, func.node.at))
        run.write(run.flags, "grad", func.grad)
    outer, run.loops = run.loops, list(run.loops)
    run.frames.append(frame)
    try:
        alive = run.block(func.node.body)
        result = _returned(run, frame, alive)
    finally:
        run.frames.pop()
        run.loops = outer
    if func.grad is not None:
        run.write(run.flags, "grad", before)
        run.write(run.flags, "off", off)
    if generator:
        return Iteration(None, join(frame.yields) if frame.yields else flow.unknown(()), frame.source)
    return result


def _returned(run: Interpreter, frame: Frame, alive: bool) -> Value:
    """The join of the returns, and of the state each of them leaves; ``alive`` if the end can be reached as well."""
    exits = frame.exits
    if not exits:
        return Const(None) if alive else NEVER
    if len(exits) == 1 and not alive and not exits[0][1]:
        return exits[0][0]
    if alive:
        exits.append((Const(None), run.state.peek(frame.mark)))
    run.state.rollback(frame.mark)
    run.state.merge([delta for _, delta in exits])
    return join([value for value, _ in exits])  # type: ignore[no-any-return]


def _bind(func: Func, args: Args) -> dict[str, Any]:
    """The local names that a call starts with."""
    params = func.node.params
    names: dict[str, Any] = {}
    given = args.positional
    for index, name in enumerate(params.positional):
        if index < len(given):
            value = names[name] = given[index]
            if type(value) is Obj and value.name[:1] == "[":
                value.name = name  # loaders[1] is what the function calls it
        else:
            names[name] = args.keywords[name] if name in args.keywords else _default(func, name, args.open)
    if params.varargs is not None:
        rest = given[len(params.positional) :]
        names[params.varargs] = objects.new_list(rest, NOWHERE, True) if args.open else Tuple(tuple(rest))
    for name in params.keyword_only:
        names[name] = args.keywords[name] if name in args.keywords else _default(func, name, args.open)
    if params.kwargs is not None:
        extra = {k: v for k, v in args.keywords.items() if k not in names}
        names[params.kwargs] = objects.new_dict(extra, NOWHERE, args.open)
    return names


def _default(func: Func, name: str, hidden: bool) -> Value:
    """What a parameter is when a call does not give it, unless a star argument ``hidden`` from view does."""
    if hidden:
        return Obj("opaque", name=name)
    if name in func.options:
        return func.options[name]
    value = func.defaults.get(name)
    return value if value is not None else Obj("opaque", name=name)
