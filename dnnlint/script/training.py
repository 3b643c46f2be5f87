"""Optimisers, engines, contexts and methods of networks: what changes the state of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Mode
from dnnlint.script import calls, losses, networks, objects, parameters, searches, tensors
from dnnlint.script.tables import frameworks, optimizers
from dnnlint.script.values import Args, Class, Const, Func, Iteration, NetworkCall, Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

Handler = Callable[[Any, Args, Any], Value]


# optimisers


def make(run: Interpreter, name: str, args: Args, node: Any) -> Value | None:
    """An optimiser, schedule, engine or wrapper by its class name; None if it is nothing of the kind."""
    if name in optimizers.SCHEDULERS or name.startswith("torch.optim.lr_scheduler."):
        return Obj("scheduler", name, run.place(node))
    if name in optimizers.OPTIMIZERS or (
        name.startswith(optimizers.OPTIMIZER_PREFIXES) and name.rpartition(".")[2][:1].isupper() and "." in name
    ):
        return _optimizer(run, name, args.get(0, "params"), node)
    argument = optimizers.FACTORIES.get(name)
    if argument is not None:
        return _optimizer(run, name, args.get(argument.position, argument.name), node)
    argument = optimizers.WRAPPERS.get(name)
    if argument is not None:
        return args.get(argument.position, argument.name) or objects.unknown(())
    if name in optimizers.SCALERS:
        return Obj("scaler", name, run.place(node))
    if name in optimizers.CALLABLE_SCALERS:
        return Obj("callable_scaler", name, run.place(node))
    argument = optimizers.STEP_FUNCTIONS.get(name)
    if argument is not None:
        step(run, args.get(argument.position, argument.name), Args(), node)
        return Const(None)
    return _framework(run, name, args, node)


def _optimizer(run: Interpreter, name: str, params: Value | None, node: Any) -> Obj:
    obj = Obj("optimizer", name, run.place(node))
    take_parameters(run, obj, params)
    return obj


def take_parameters(run: Interpreter, obj: Obj, params: Value | None) -> None:
    """An optimiser is given parameters."""
    owners, known = parameters.owners(params)
    obj.fields["$owners"] = tuple(owners)
    obj.fields["$known"] = known and bool(owners)
    run.record.optimizer(obj)


def step(run: Interpreter, target: Value | None, args: Args, node: Any) -> None:
    """An optimiser steps, after running a closure if it is given one."""
    closure = args.get(0, "closure")
    if closure is not None and type(closure) is not Const:
        calls.call(run, closure, Args(), node)
    for option in options(target) if target is not None else ():
        if type(option) is Obj and (option.kind in ("optimizer", "opaque")):
            run.record.step(option, node)


def optimizer_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a known optimiser."""
    if name in optimizers.CLEARING_METHODS:
        run.record.clear(obj, node)
        return Const(None)
    if name in ("step", *optimizers.STEPS_THAT_MAY_CLEAR):
        step(run, obj, args, node)
        flag = optimizers.STEPS_THAT_MAY_CLEAR.get(name)
        if flag is not None and (args.keywords.get(flag) is not None or args.positional):
            run.record.clear(obj, node)
        return objects.unknown(())
    if name in ("state_dict", "load_state_dict", "add_param_group", "share_memory", "register_step_post_hook", "train", "eval"):
        if name == "add_param_group" and args.positional:
            more, known = parameters.owners(args.positional[0])
            run.write(obj.fields, "$owners", (*obj.fields.get("$owners", ()), *more))
            run.write(obj.fields, "$known", bool(obj.fields.get("$known")) and known)
        return objects.unknown(())
    run.record.havoc(run, [obj, *args.values()])
    return objects.unknown(())


def scaler_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """GradScaler: scale(loss) is the loss, step(optimizer) steps it."""
    if name == "scale" and args.positional:
        return args.positional[0]
    if name == "step":
        step(run, args.get(0, "optimizer"), Args(args.positional[1:]), node)
    return objects.unknown(())


def scaled_step(run: Interpreter, args: Args, node: Any) -> Value:
    """timm's NativeScaler(loss, optimizer): back-propagates and steps, but does not clear."""
    loss = args.get(0, "loss")
    if loss is not None:
        run.record.backward(loss, node)
    need = args.keywords.get("need_update")
    if need is None or run.truth(need)[0]:
        step(run, args.get(1, "optimizer"), Args(), node)
    else:
        run.branch([lambda: True, lambda: (step(run, args.get(1, "optimizer"), Args(), node), True)[1]])
    return objects.unknown(())


# engines


def _framework(run: Interpreter, name: str, args: Args, node: Any) -> Value | None:
    if name in frameworks.ENGINES:
        obj = Obj("engine", name, run.place(node))
        return obj
    verb = frameworks.CALLS.get(name)
    if verb is not None:
        return act(run, verb, None, args, node)
    if name in frameworks.LOOP_OWNERS or name in frameworks.LOOP_FUNCTIONS:
        run.record.havoc(run, args.values())
        return Obj("owner", name, run.place(node))
    return None


def wrapped(run: Interpreter, wrapper: frameworks.Wrapper, args: Args, node: Any) -> Value:
    """A network made of a network: the same for every purpose, or a copy."""
    value = args.get(0, wrapper.argument)
    if value is None:
        return objects.unknown(()) if args.positional or args.keywords else Obj("context", "decorator", run.place(node))
    if wrapper.result == "same":
        return value
    copies: list[Value] = []
    for option in options(value):
        if type(option) is Obj and option.kind == "module":
            copy = Obj("module", option.cls, run.place(node), option.name)
            copy.fields.update({k: v for k, v in option.fields.items() if k not in ("$registered",)})
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
            copies.append(objects.unknown(()))
    return objects.join(copies)  # type: ignore[no-any-return]


def engine_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of Accelerator, Fabric and the like, by their verbs."""
    verb = frameworks.ENGINES.get(str(obj.cls), {}).get(name)
    if verb is None:
        run.record.havoc(run, args.values())
        return objects.unknown(args.values())
    return act(run, verb, obj, args, node)


def act(run: Interpreter, verb: str, engine: Obj | None, args: Args, node: Any) -> Value:
    """Carry out a verb of the table of frameworks."""
    first = args.positional[0] if args.positional else next(iter(args.keywords.values()), None)
    if verb == "arguments":
        given = args.values()
        return given[0] if len(given) == 1 else Tuple(tuple(given))
    if verb == "first":
        return first or objects.unknown(())
    if verb == "cut" and first is not None:
        return Tensor("cut", (first,), run.place(node), False)
    if verb == "backward" and first is not None:
        run.record.backward(first, node)
        return Const(None)
    if verb in ("step", "clear") and first is not None:
        if verb == "step":
            step(run, first, Args(), node)
        elif type(first) is Obj:
            run.record.clear(first, node)
        return Const(None)
    if verb in ("train", "eval") and type(first) is Obj:
        networks.set_mode(run, first, Mode.TRAIN if verb == "train" else Mode.EVAL, run.place(node))
        return Const(None)
    if verb == "applies" and first is not None:
        return calls.call(run, first, Args(args.positional[1:], args.keywords, args.open), node)
    if verb == "no_grad":
        return _context(run, node, False)
    if verb in ("context", "yields_first"):
        return first if verb == "yields_first" and first is not None else Obj("context", verb, run.place(node))
    if verb == "remote_backward":
        return Const(None)
    if verb in ("loop", "engine", "copy", "named", "slots"):
        run.record.havoc(run, args.values())
    return objects.unknown(args.values() if verb != "inert" else ())


def network(run: Interpreter, name: str, args: Args, node: Any) -> Value | None:
    """A network from a factory: torchvision, timm, transformers."""
    from dnnlint.script.tables import factories

    first = args.positional[0] if args.positional else None
    architecture = first.value if type(first) is Const and isinstance(first.value, str) else None
    spec = factories.network(name, architecture)
    if spec is None:
        return None
    obj = Obj("module", name, run.place(node))
    obj.fields["$dependent"] = spec.mode_dependent
    mode = {"train": Mode.TRAIN, "eval": Mode.EVAL, None: Mode.UNKNOWN}[spec.mode]
    obj.fields["$mode"] = frozenset({(mode, None, 0)})
    if spec.position is not None:
        return objects.unknown(()) if spec.position else Tuple((obj, objects.unknown(()), objects.unknown(())))
    return obj


# networks


_SAME = frozenset(
    "to cuda cpu float half double bfloat16 type share_memory requires_grad_ xpu to_empty compile".split()
)


def module_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods that every nn.Module has."""
    if name in ("train", "eval"):
        mode = args.get(0, "mode") if name == "train" else None
        if type(mode) is Obj and mode.kind == "flag":
            networks.restore_mode(run, mode)
            return obj
        known = True if mode is None else run.truth(mode)[0]
        if known is None:
            both = [Mode.TRAIN, Mode.EVAL]
            run.branch([lambda one=one: _moded(run, obj, one, node) for one in both])  # type: ignore[misc]
        else:
            _moded(run, obj, Mode.TRAIN if name == "train" and known else Mode.EVAL, node)
        return obj
    if name == "zero_grad":
        run.record.clear(obj, node)
        return Const(None)
    if name in ("parameters", "named_parameters"):
        return parameters.of_module(obj, run.place(node), name.startswith("named"))
    if name in _SAME:
        return obj
    if name in ("modules", "named_modules", "children", "named_children"):
        return _parts(obj, name)
    if name == "apply" and args.positional:
        for _, part in networks.descendants(obj)[:80]:
            calls.call(run, args.positional[0], Args([part]), node)
        return obj
    if name in ("forward", "__call__"):
        return networks.call_module(run, obj, args, node) if name == "__call__" or not run.forwards else networks.forward(run, obj, args, node)
    if name in ("add_module", "register_module", "register_parameter", "register_buffer") and len(args.values()) >= 2:
        key, value = args.get(0, "name"), args.values()[1]
        if isinstance(obj.fields.get("$items"), tuple):
            run.write(obj.fields, "$items", (*obj.fields["$items"], value)[:64])
            networks.joined(run, obj, value)
            return Const(None)
        spelled = key.value if type(key) is Const and isinstance(key.value, str) else f"dynamic {len(obj.fields)}"
        objects.set_attribute(run, obj, spelled, value, node)
        return Const(None)
    if "$items" in obj.fields:
        grown = _container_method(run, obj, name, args, node)
        if grown is not None:
            return grown
    return _other_module_method(run, obj, name, args, node)


def _moded(run: Interpreter, obj: Obj, mode: Mode, node: Any) -> bool:
    networks.set_mode(run, obj, mode, run.place(node))
    return True


def _parts(obj: Obj, name: str) -> Iteration:
    if type(obj.cls) is not Class and "$spec" not in obj.fields:  # a network of a library: its parts are not known
        item: Value = Tuple((Const(...), obj)) if name.startswith("named") else obj
        return Iteration(None, item, None)
    if name.endswith("modules"):
        found = networks.descendants(obj)
    else:
        found = networks.children(obj)
    items: list[Value] = [Tuple((Const(path), part)) if name.startswith("named") else part for path, part in found[:80]]
    made = Iteration(items, None, None)
    made.wrapped = "modules"
    return made


def _container_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    items = obj.fields["$items"]
    if name == "append" and args.positional and isinstance(items, tuple):
        run.write(obj.fields, "$items", (*items, args.positional[0])[:64])
        networks.joined(run, obj, args.positional[0])
        return obj
    if name in ("extend", "insert") and args.positional and isinstance(items, tuple):
        value = args.positional[-1]
        more = objects.known_items(value) if name == "extend" else [value]
        run.write(obj.fields, "$items", (*items, *(more or ()))[:64])
        for item in more or ():
            networks.joined(run, obj, item)
        return obj
    if isinstance(items, dict) and name in ("items", "values", "keys"):
        pairs = [(Const(key), value) for key, value in items.items()]
        column: list[Value] = [Tuple(pair) if name == "items" else pair[name == "values"] for pair in pairs]
        return Iteration(column, None, None)
    if name == "update" and isinstance(items, dict) and args.positional:
        known = objects.known_entries(args.positional[0]) or {}
        run.write(obj.fields, "$items", {**items, **known})
        for item in known.values():
            networks.joined(run, obj, item)
        return Const(None)
    return None


def _other_module_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    if name in ("state_dict", "load_state_dict", "buffers", "named_buffers", "register_forward_hook", "register_full_backward_hook",
                "register_backward_hook", "extra_repr", "get_parameter", "half", "save_pretrained", "resize_token_embeddings",
                "gradient_checkpointing_enable", "register_forward_pre_hook", "log", "log_dict", "save_hyperparameters"):
        return objects.unknown(())
    if name == "manual_backward" and args.positional:
        run.record.backward(args.positional[0], node)
        return Const(None)
    if name in ("no_sync", "summon_full_params"):
        return Obj("context", name, run.place(node))
    if name == "get_submodule" and args.positional:
        return objects.unknown((obj,))
    if type(obj.cls) is Class and not obj.fields.get("$open"):
        return objects.unknown(args.values())
    if name in ("backward", "step"):
        return Const(None)
    run.record.havoc(run, [obj, *args.values()])
    call = NetworkCall(obj, run.place(node), networks.modes(run, obj))
    run.record.called(call, args, node)
    inputs = tuple([value for value in args.values() if objects.flows(value)])
    return Tensor("module", inputs, run.place(node), True if run.flags["grad"] else run.flags["grad"], layer=obj, call=call)


def inert_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods that leave training alone."""
    return objects.unknown(())


# objects of unknown class


def opaque_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods whose name tells what the receiver is."""
    if name == "backward":
        return _opaque_backward(run, obj, args, node)
    if name in optimizers.CLEARING_METHODS:
        if networks.network_like(obj) and not run.record.is_optimizer(obj):
            run.record.clear(obj, node)
        else:
            run.write(obj.fields, "$cleared", True)
            run.record.clear(run.record.optimizer(obj), node)
        return Const(None)
    if name == "step":
        return _opaque_step(run, obj, args, node)
    if name in ("train", "eval") and (not args.values() or _is_flag(args.values()[0])):
        mode = args.get(0, "mode")
        if type(mode) is Obj:
            networks.restore_mode(run, mode)
            return obj
        known = name == "train" and (mode is None or run.truth(mode)[0])
        networks.set_mode(run, obj, Mode.TRAIN if known else Mode.EVAL, run.place(node))
        return obj
    if name in ("parameters", "named_parameters"):
        run.write(obj.fields, "$network", True)
        return parameters.collection([obj], True, run.place(node), name.startswith("named"))
    if name in ("state_dict", "load_state_dict", "named_modules", "modules"):
        return objects.unknown(())
    if name == "scale" and args.positional and "scal" in obj.name.lower():
        return args.positional[0]
    if name in ("update", "unscale_") and "scal" in obj.name.lower():
        return Const(None)
    if name == "prepare" and "accel" in obj.name.lower():
        return act(run, "arguments", obj, args, node)
    if name == "apply" and args.positional:
        calls.call(run, args.positional[0], Args([Obj("opaque", name="module")]), node)
        return obj
    if name == "setup" and "fabric" in obj.name.lower():
        return act(run, "arguments", obj, args, node)
    return None


def _is_flag(value: Value) -> bool:
    return type(value) is Const or (type(value) is Obj and value.kind == "flag")


def _opaque_backward(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    given = [value for value in args.positional if objects.flows(value)]
    if given and not obj.sources:
        if "accel" in obj.name.lower() or "fabric" in obj.name.lower():
            run.record.backward(given[0], node)
        else:  # an engine of its own (DeepSpeed and kin): it clears for itself
            run.record.backward(given[0], node)
            run.record.clear(None, node)
        return Const(None)
    run.record.backward(obj, node)
    return Const(None)


def _opaque_step(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    first = args.positional[0] if args.positional else None
    if type(first) is Obj and (first.kind == "optimizer" or run.record.is_optimizer(first)):
        step(run, first, Args(args.positional[1:]), node)  # a gradient scaler
        return objects.unknown(())
    callable_first = type(first) is Func or (type(first) is Obj and first.name == "closure")
    if run.record.is_optimizer(obj) and (first is None or callable_first):
        step(run, obj, args, node)
        return objects.unknown(())
    # an environment, a profiler, a schedule: what comes back carries no graph
    inputs = tuple([value for value in (obj, *args.values()) if objects.flows(value)])
    return Tensor("cut", inputs, run.place(node), False)


# contexts and parameters


def _context(run: Interpreter, node: Any, grad: bool | None) -> Obj:
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
        return _context(run, node, False if known else None if known is None else run.flags["grad"])
    return _context(run, node, False)


def _enable_grad(run: Interpreter, args: Args, node: Any) -> Value:
    return _context(run, node, True)


def _set_grad_enabled(run: Interpreter, args: Args, node: Any) -> Value:
    known = run.truth(args.positional[0])[0] if args.positional else None
    context = _context(run, node, known)
    if type(node) is not None and run.statement_call(node):
        run.write(run.flags, "grad", known)
    return context


def _plain_context(run: Interpreter, args: Args, node: Any) -> Value:
    return Obj("context", "plain", run.place(node))


def _parameter(run: Interpreter, args: Args, node: Any) -> Value:
    data = args.get(0, "data")
    wanted = args.get(1, "requires_grad")
    learns = wanted is None or run.truth(wanted)[0] is not False
    return Tensor("parameter", (data,) if data is not None and objects.flows(data) else (), run.place(node), learns)


def _variable(run: Interpreter, args: Args, node: Any) -> Value:
    """torch.autograd.Variable, a tensor since torch 0.4."""
    data = args.get(0, "data")
    if data is None:
        return objects.unknown(())
    wanted = args.keywords.get("requires_grad")
    if wanted is not None and run.truth(wanted)[0]:
        return Tensor("leaf", (data,), run.place(node), True)
    return tensors.operate(run, "view", Args([data]), node) if objects.flows(data) else data


def _gradients(run: Interpreter, args: Args, node: Any) -> Value:
    """torch.autograd.grad returns gradients and writes none."""
    return objects.unknown(args.values())


def _run_target(run: Interpreter, args: Args, node: Any) -> Value:
    """Process, Thread and spawn run a function: as if it were called here."""
    target = args.get(1, "target") if "target" in args.keywords or len(args.positional) > 1 else None
    given = args.keywords.get("args")
    items = objects.known_items(given) if given is not None else []
    if target is not None and type(target) in (Func,):
        calls.call(run, target, Args(list(items or []), {}, items is None), node)
    return objects.unknown(())


def _spawn(run: Interpreter, args: Args, node: Any) -> Value:
    target, given = args.get(0, "fn"), args.get(1, "args")
    items = objects.known_items(given) if given is not None else []
    if target is not None:
        calls.call(run, target, Args([Const(...), *(items or [])], {}, items is None), node)
    return objects.unknown(())


def _submit(run: Interpreter, args: Args, node: Any) -> Value:
    if args.positional and type(args.positional[0]) is Func:
        calls.call(run, args.positional[0], Args(args.positional[1:], args.keywords, args.open), node)
    return objects.unknown(())


HANDLERS: dict[str, Handler] = {
    "torch.no_grad": _no_grad,
    "torch.inference_mode": _no_grad,
    "torch.autograd.no_grad": _no_grad,
    "torch.enable_grad": _enable_grad,
    "torch.autograd.enable_grad": _enable_grad,
    "torch.set_grad_enabled": _set_grad_enabled,
    "torch.autograd.set_grad_enabled": _set_grad_enabled,
    "torch.autocast": _plain_context,
    "torch.amp.autocast": _plain_context,
    "torch.cuda.amp.autocast": _plain_context,
    "contextlib.nullcontext": _plain_context,
    "torch.autograd.set_detect_anomaly": _plain_context,
    "torch.nn.Parameter": _parameter,
    "torch.autograd.Variable": _variable,
    "torch.autograd.grad": _gradients,
    "torch.multiprocessing.spawn": _spawn,
    "torch.multiprocessing.Process": _run_target,
    "multiprocessing.Process": _run_target,
    "threading.Thread": _run_target,
    "torch.multiprocessing.start_processes": _spawn,
    "absl.app.run": lambda run, args, node: calls.call(run, args.positional[0], Args([objects.unknown(())]), node)
    if args.positional
    else Const(None),
    **{
        name: lambda run, args, node, name=name: searches.api(run, name, args, node)  # type: ignore[misc]
        for name in searches.APIS
    },
}

__all__ = ["losses"]
