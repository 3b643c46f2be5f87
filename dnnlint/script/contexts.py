"""Contexts that turn gradients on and off, and tensors that are made to need them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import flow, graph, inlining, tensors
from dnnlint.script.code import Args, Class, Func, Handler
from dnnlint.script.events import devices
from dnnlint.script.values import Const, Ext, Iteration, Obj, Tensor, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def recording(run: Interpreter, node: Any, grad: bool | None) -> Obj:
    """A context in which the graph is recorded, is not, or may be."""
    obj = Obj("context", "grad", run.place(node))
    obj.fields["$grad"] = grad
    return obj


def _no_grad(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.positional[0] if args.positional else None
    if type(first) is Func:
        first.grad = False
        return first
    if first is not None:
        known = run.truth(first)[0]  # inference_mode(mode)
        return recording(run, node, False if known else None if known is None else run.flags["grad"])
    return recording(run, node, False)


def _enable_grad(run: Interpreter, args: Args, node: Any) -> Value:
    run.record.curious = True
    return recording(run, node, True)


def _set_grad_enabled(run: Interpreter, args: Args, node: Any) -> Value:
    known = run.truth(args.positional[0])[0] if args.positional else None
    context = recording(run, node, known)
    if type(node) is not None and run.statement_call(node):
        switch(run, known, run.place(node))
    return context


def _autocast(run: Interpreter, args: Args, node: Any) -> Value:
    """Autocast, on unless it is certainly off: an option that is off by default can be switched on."""
    enabled = args.keywords.get("enabled")
    obj = Obj("context", "autocast", run.place(node))
    obj.fields["$autocast"] = not (type(enabled) is Const and enabled.value is False and not enabled.soft)
    first = args.positional[0] if args.positional else None
    return first if type(first) is Func else obj  # as a decorator


def _elsewhere(run: Interpreter, args: Args, node: Any) -> Value:
    """Whatever is made from now on may be made on a device."""
    run.record.elsewhere = True
    return Const(None)


def _plain_context(run: Interpreter, args: Args, node: Any) -> Value:
    return Obj("context", "plain", run.place(node))


def enter(run: Interpreter, value: Value, item: Any) -> tuple[Value, Callable[[], None] | None]:
    """Enter a context manager: the value of its ``as`` target, and how to leave it."""
    for option in options(value):
        if type(option) is Obj and "$place" in option.fields:
            run.record.elsewhere = True  # with torch.device(...)
        if type(option) is Obj and option.kind == "context" and "$grad" in option.fields:
            return option, _switch(run, option.fields["$grad"], option.at)
        if type(option) is Obj and option.kind == "context" and "$autocast" in option.fields:
            return option, _cast(run, option)
        if type(option) is Ext and option.dotted.endswith((".no_grad", ".inference_mode")):
            return option, _switch(run, False, run.place(item))
        if type(option) is Obj and type(option.cls) is Class:
            return _enter_object(run, option, option.cls, item)
        if type(option) is Iteration and option.item is not None:
            return option.item, None  # a @contextmanager function
    return value, None


def _switch(run: Interpreter, grad: bool | None, place: Place) -> Callable[[], None]:
    before, off = run.flags["grad"], run.flags.get("off")
    switch(run, grad, place)

    def leave() -> None:
        run.write(run.flags, "grad", before)
        run.write(run.flags, "off", off)

    return leave


def switch(run: Interpreter, grad: bool | None, place: Place) -> None:
    """Turn the recording of graphs on or off; what turned it off is remembered."""
    if grad is False and run.flags["grad"] is not False:
        run.write(run.flags, "off", place)
    run.write(run.flags, "grad", grad)


def _cast(run: Interpreter, context: Obj) -> Callable[[], None]:
    """Enter autocast, or with ``enabled=False`` leave it for a while."""
    before = run.flags.get("autocast")
    run.write(run.flags, "autocast", context.at if context.fields["$autocast"] else None)
    return lambda: run.write(run.flags, "autocast", before)


def _enter_object(run: Interpreter, obj: Obj, cls: Class, item: Any) -> tuple[Value, Callable[[], None] | None]:
    entering, leaving = cls.find("__enter__"), cls.find("__exit__")
    made: Value = obj
    if type(entering) is Func:
        made = inlining.call_function(run, entering, Args([obj]), item)
    if type(leaving) is not Func:
        return made, None

    def leave() -> None:
        inlining.call_function(run, leaving, Args([obj, Const(None), Const(None), Const(None)]), item)

    return made, leave


def _parameter(run: Interpreter, args: Args, node: Any) -> Value:
    data = args.get(0, "data")
    wanted = args.get(1, "requires_grad")
    learns = wanted is None or run.truth(wanted)[0] is not False
    return Tensor("parameter", (data,) if data is not None and flow.flows(data) else (), run.place(node), learns)


def _variable(run: Interpreter, args: Args, node: Any) -> Value:
    """torch.autograd.Variable, a tensor since torch 0.4."""
    data = args.get(0, "data")
    if data is None:
        return flow.unknown(())
    wanted = args.keywords.get("requires_grad")
    if "volatile" in args.keywords:
        run.record.curious = True  # what turned gradients off before torch 0.4
    if wanted is not None and run.truth(wanted)[0]:
        return Tensor("leaf", (data,), run.place(node), True, name="Variable")
    return tensors.operate(run, "view", Args([data]), node, "Variable") if flow.flows(data) else data


def _gradients(run: Interpreter, args: Args, node: Any) -> Value:
    """torch.autograd.grad returns gradients and writes none."""
    for value in args.values()[:1]:
        for call in graph.reach(value).calls:
            call.differentiated = True
    return flow.unknown(args.values())


HANDLERS: dict[str, Handler] = {
    "torch.device": devices.device,
    "torch.set_default_device": _elsewhere,
    "torch.set_default_tensor_type": _elsewhere,
    "torch.no_grad": _no_grad,
    "torch.inference_mode": _no_grad,
    "torch.autograd.no_grad": _no_grad,
    "torch.enable_grad": _enable_grad,
    "torch.autograd.enable_grad": _enable_grad,
    "torch.set_grad_enabled": _set_grad_enabled,
    "torch.autograd.set_grad_enabled": _set_grad_enabled,
    "torch.autocast": _autocast,
    "torch.amp.autocast": _autocast,
    "torch.cuda.amp.autocast": _autocast,
    "torch.cuda.amp.autocast_mode.autocast": _autocast,
    "torch.amp.autocast_mode.autocast": _autocast,
    "torch.cpu.amp.autocast": _autocast,
    "contextlib.nullcontext": _plain_context,
    "torch.autograd.set_detect_anomaly": _plain_context,
    "torch.nn.Parameter": _parameter,
    "torch.autograd.Variable": _variable,
    "torch.autograd.grad": _gradients,
}
