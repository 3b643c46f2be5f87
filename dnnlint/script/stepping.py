"""Optimisers and gradient scalers: what they own, and their steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import closures, flow, parameters
from dnnlint.script.code import Args
from dnnlint.script.events import backpropagation, capture, clearing, escapes, ownership, scaling, updates
from dnnlint.script.tables import optimizers
from dnnlint.script.values import Const, Obj, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def optimizer(run: Interpreter, name: str, params: Value | None, node: Any, args: Args | None = None) -> Obj:
    """An optimiser of some parameters."""
    obj = Obj("optimizer", name, run.place(node))
    if args is not None:
        obj.fields["$args"] = args
        obj.fields["$certain"] = not run.exploring and not run.arm
    take_parameters(run, obj, params)
    return obj


def take_parameters(run: Interpreter, obj: Obj, params: Value | None) -> None:
    """An optimiser is given parameters."""
    owners, known = ownership.resolved(*parameters.owners(params))
    obj.fields["$owners"] = tuple(owners)
    obj.fields["$known"] = known and bool(owners)
    capture.taken(run, obj, params, owners)
    ownership.register(run, obj)


def step(run: Interpreter, target: Value | None, args: Args, node: Any, scaler: Obj | None = None) -> None:
    """An optimiser steps, after running a closure if it is given one, and by way of a scaler if there is one."""
    closures.evaluate(run, target, args, node)
    for option in options(target) if target is not None else ():
        if type(option) is Obj and (option.kind in ("optimizer", "opaque")):
            if scaler is not None:
                scaling.stepping(run, scaler, ownership.register(run, option), node)
            updates.step(run, option, node, scaler)


def optimizer_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a known optimiser."""
    if name in optimizers.CLEARING_METHODS:
        clearing.clear(run, obj, node)
        return Const(None)
    if name in ("step", *optimizers.STEPS_THAT_MAY_CLEAR):
        step(run, obj, args, node)
        flag = optimizers.STEPS_THAT_MAY_CLEAR.get(name)
        if flag is not None and (args.keywords.get(flag) is not None or args.positional):
            clearing.clear(run, obj, node)
        return flow.unknown(())
    if name in (
        "state_dict",
        "load_state_dict",
        "add_param_group",
        "share_memory",
        "register_step_post_hook",
        "train",
        "eval",
    ):
        if name == "add_param_group" and args.positional:
            more, known = parameters.owners(args.positional[0])
            capture.taken(run, obj, None, more, True)
            run.write(obj.fields, "$owners", (*obj.fields.get("$owners", ()), *more))
            run.write(obj.fields, "$known", bool(obj.fields.get("$known")) and known)
        return flow.unknown(())
    escapes.havoc(run, [obj, *args.values()])
    return flow.unknown(())


def scaler_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """GradScaler: scale(loss) is the loss, step(optimizer) steps it."""
    if name == "scale" and args.positional:
        return scaling.scale(run, obj, args.positional[0], node)
    if name == "step":
        step(run, args.get(0, "optimizer"), Args(args.positional[1:]), node, obj)
        run.write(obj.fields, "$phase", "stepped")  # whatever kind of optimiser it was
    elif name == "unscale_":
        scaling.unscale(run, obj, args.get(0, "optimizer"), node)
    elif name == "update":
        scaling.update(run, obj, node)
    return flow.unknown(())


def scaled_step(run: Interpreter, args: Args, node: Any) -> Value:
    """What NativeScaler(loss, optimizer) of timm does: back-propagate and step, but not clear."""
    loss = args.get(0, "loss")
    if loss is not None:
        backpropagation.backward(run, loss, node)
    need = args.keywords.get("need_update")
    if need is None or run.truth(need)[0]:
        step(run, args.get(1, "optimizer"), Args(), node)
    else:

        def due() -> bool:
            step(run, args.get(1, "optimizer"), Args(), node)
            return True

        run.branch([lambda: True, due])
    return flow.unknown(())
