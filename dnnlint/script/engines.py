"""Frameworks around the training loop: their wrappers, and the verbs of their engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Mode
from dnnlint.script import calls, contexts, flow, reproducibility, stepping
from dnnlint.script.code import Args
from dnnlint.script.events import backpropagation, clearing, clipping, devices, escapes, feeding
from dnnlint.script.lattice import join
from dnnlint.script.networks import modes
from dnnlint.script.tables import frameworks
from dnnlint.script.values import Const, Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def framework(run: Interpreter, name: str, args: Args, node: Any) -> Value | None:
    """An engine, or what a function of a framework does; None if it is neither."""
    if name in frameworks.ENGINES:
        return Obj("engine", name, run.place(node))
    verb = frameworks.CALLS.get(name)
    if verb is not None:
        return act(run, verb, None, args, node)
    if name.endswith(".Trainer") and "benchmark" in args.keywords:
        reproducibility.trainer(run, args, node)
    if name in frameworks.LOOP_OWNERS or name in frameworks.LOOP_FUNCTIONS:
        escapes.havoc(run, args.values())
        return Obj("owner", name, run.place(node))
    return None


def wrapped(run: Interpreter, wrapper: frameworks.Wrapper, args: Args, node: Any) -> Value:
    """A network made of a network: the same for every purpose, or a copy."""
    value = args.get(0, wrapper.argument)
    if value is None:
        return flow.unknown(()) if args.positional or args.keywords else Obj("context", "decorator", run.place(node))
    if wrapper.result == "same":
        return value
    copies: list[Value] = []
    for option in options(value):
        if type(option) is Obj and option.kind == "module":
            copy = Obj("module", option.cls, run.place(node), option.name)
            copy.fields.update({k: v for k, v in option.fields.items() if k not in ("$registered",)})
            copy.fields["$copied"] = run.tick()
            if wrapper.mode == "eval":
                copy.fields["$mode"] = frozenset({(Mode.EVAL, None, 0)})
            copies.append(copy)
        elif type(option) is Obj and option.kind in ("list", "dict", "instance"):
            copy = Obj(option.kind, option.cls, run.place(node), option.name)
            copy.fields.update(option.fields)
            copies.append(copy)
        elif type(option) is Tensor or type(option) is Const:
            copies.append(option)
        else:
            copies.append(flow.unknown(()))
    return join(copies)  # type: ignore[no-any-return]


def engine_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of Accelerator, Fabric and the like, by their verbs."""
    verb = frameworks.ENGINES.get(str(obj.cls), {}).get(name)
    if verb is None:
        escapes.havoc(run, args.values())
        return flow.unknown(args.values())
    if name in ("clip_grad_norm_", "clip_grad_value_") and args.values():
        clipping.clip(run, args.values()[0], node, True)
    return act(run, verb, obj, args, node)


def act(run: Interpreter, verb: str, engine: Obj | None, args: Args, node: Any) -> Value:
    """Carry out a verb of the table of frameworks."""
    first = args.positional[0] if args.positional else next(iter(args.keywords.values()), None)
    feeding.handed_over(args.values())
    if verb == "arguments":
        given = args.values()
        devices.handed_over(run, given)
        return given[0] if len(given) == 1 else Tuple(tuple(given))
    if verb == "first":
        return first or flow.unknown(())
    if verb == "cut" and first is not None:
        return Tensor("cut", (first,), run.place(node), False)
    if verb == "backward" and first is not None:
        backpropagation.backward(run, first, node)
        return Const(None)
    if verb in ("step", "clear") and first is not None:
        if verb == "step":
            stepping.step(run, first, Args(), node)
        elif type(first) is Obj:
            clearing.clear(run, first, node)
        return Const(None)
    if verb in ("train", "eval") and type(first) is Obj:
        modes.switch(run, first, Mode.TRAIN if verb == "train" else Mode.EVAL, run.place(node))
        return Const(None)
    if verb == "applies" and first is not None:
        return calls.call(run, first, Args(args.positional[1:], args.keywords, args.open), node)
    if verb == "no_grad":
        return contexts.recording(run, node, False)
    if verb in ("context", "yields_first"):
        return first if verb == "yields_first" and first is not None else Obj("context", verb, run.place(node))
    if verb == "remote_backward":
        return Const(None)
    if verb in ("loop", "engine", "copy", "named", "slots"):
        escapes.havoc(run, args.values())
    return flow.unknown(args.values() if verb != "inert" else ())
