"""Objects of unknown class, whose methods tell by their names what the receiver is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Mode
from dnnlint.script import calls, engines, flow, parameters, scheduling, stepping
from dnnlint.script.code import Args, Func
from dnnlint.script.events import backpropagation, clearing, keepsakes, ownership, restoring, scaling, starts
from dnnlint.script.networks import modes, naming
from dnnlint.script.tables import optimizers
from dnnlint.script.values import Const, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_NO_OPTIMIZER = re.compile(
    r"sched|prof|lr|env|bar$|warm|timer|ema|meter|writer|log|stop|annea|decay|progress", re.IGNORECASE
)


def opaque_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods whose name tells what the receiver is."""
    if name == "backward":
        return _opaque_backward(run, obj, args, node)
    if name in optimizers.CLEARING_METHODS:
        if naming.network_like(obj) and not ownership.is_optimizer(obj):
            clearing.clear(run, obj, node)
        else:
            run.write(obj.fields, "$cleared", True)
            clearing.clear(run, ownership.register(run, obj), node)
        return Const(None)
    if name == "step":
        return _opaque_step(run, obj, args, node)
    if name in ("train", "eval") and (not args.values() or _is_flag(args.values()[0])):
        mode = args.get(0, "mode")
        if type(mode) is Obj:
            modes.restore(run, mode)
            return obj
        known = name == "train" and (mode is None or run.truth(mode)[0])
        modes.switch(run, obj, Mode.TRAIN if known else Mode.EVAL, run.place(node))
        return obj
    if name in ("parameters", "named_parameters"):
        run.write(obj.fields, "$network", True)
        return parameters.collection([obj], True, run.place(node), name.startswith("named"))
    if name in ("state_dict", "load_state_dict", "named_modules", "modules"):
        restoring.called(run, obj, name, node)
        return _stored(run, obj, name, args, node)
    if name == "scale" and args.positional and "scal" in obj.name.lower():
        return scaling.scale(run, obj, args.positional[0], node)
    if name in ("update", "unscale_") and "scal" in obj.name.lower():
        return stepping.scaler_method(run, obj, name, args, node)
    if name == "prepare" and "accel" in obj.name.lower():
        return engines.act(run, "arguments", obj, args, node)
    if name == "apply" and args.positional:
        restoring.applied(run, obj, args.positional[0], node)
        calls.call(run, args.positional[0], Args([Obj("opaque", name="module")]), node)
        return obj
    if name == "setup" and "fabric" in obj.name.lower():
        return engines.act(run, "arguments", obj, args, node)
    return None


def _stored(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    if name == "state_dict" and naming.network_like(obj):
        return keepsakes.state_dict(run, obj, node)
    if name == "load_state_dict":
        keepsakes.loaded(run, obj, args, node)
    return flow.unknown(())


def _is_flag(value: Value) -> bool:
    return type(value) is Const or (type(value) is Obj and value.kind == "flag")


def _opaque_backward(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    given = [value for value in args.positional if flow.flows(value)]
    if given and not obj.sources:
        if "accel" in obj.name.lower() or "fabric" in obj.name.lower():
            backpropagation.backward(run, given[0], node)
        else:  # an engine of its own (DeepSpeed and kin): it clears for itself
            backpropagation.backward(run, given[0], node)
            clearing.clear(run, None, node)
        return Const(None)
    backpropagation.backward(run, obj, node, starts.given_gradient(args))
    return Const(None)


def _opaque_step(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    first = args.positional[0] if args.positional else None
    if type(first) is Obj and (first.kind == "optimizer" or ownership.is_optimizer(first)):
        stepping.step(run, first, Args(args.positional[1:]), node, obj)  # a gradient scaler
        return flow.unknown(())
    callable_first = type(first) is Func or (type(first) is Obj and first.name == "closure")
    if ownership.is_optimizer(obj) and (first is None or callable_first):
        stepping.step(run, obj, args, node)
        return flow.unknown(())
    scheduling.opaque_step(run, obj, args, node)
    if first is None and not _NO_OPTIMIZER.search(obj.name):
        run.record.timeline.loose = True
    # an environment, a profiler, a schedule: what comes back carries no graph
    inputs = tuple([value for value in (obj, *args.values()) if flow.flows(value)])
    return Tensor("cut", inputs, run.place(node), False)
