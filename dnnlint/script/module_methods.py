"""Methods that every network has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Mode
from dnnlint.script import attributes, calls, flow, hooks, objects, parameters
from dnnlint.script.code import Args, Class
from dnnlint.script.events import backpropagation, clearing, devices, escapes, keepsakes, network_calls, restoring
from dnnlint.script.networks import building, calling, forward, modes, tree
from dnnlint.script.tables import frameworks
from dnnlint.script.values import Const, Iteration, NetworkCall, Obj, Tensor, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_SAME = frozenset({
    "to", "cuda", "cpu", "float", "half", "double", "bfloat16", "type", "share_memory", "requires_grad_", "xpu",
    "to_empty", "compile",
})  # fmt: skip


def module_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods that every nn.Module has."""
    if name in ("train", "eval"):
        _switch_mode(run, obj, name, args.get(0, "mode") if name == "train" else None, node)
        return obj
    if name == "zero_grad":
        clearing.clear(run, obj, node)
        return Const(None)
    if name in ("parameters", "named_parameters"):
        obj.fields["$asked"] = True
        return parameters.of_module(obj, run.place(node), name.startswith("named"))
    if name == "requires_grad_":
        _freeze(run, obj, args)
    if name == "load_state_dict":
        run.write(obj.fields, "$loaded", run.clock)
    if name in _SAME:
        return devices.move_network(run, obj, name, args)
    if name in ("modules", "named_modules", "children", "named_children"):
        return _parts(obj, name)
    if name == "apply" and args.positional:
        restoring.applied(run, obj, args.positional[0], node)
        for _, part in tree.descendants(obj)[:80]:
            calls.call(run, args.positional[0], Args([part]), node)
        return obj
    if name in ("forward", "__call__"):
        enter = calling.call_module if name == "__call__" or not run.forwards else forward.forward
        return enter(run, obj, args, node)
    if name in ("add_module", "register_module", "register_parameter", "register_buffer") and len(args.values()) >= 2:
        _register(run, obj, args.get(0, "name"), args.values()[1], node)
        devices.place(run, args.values()[1], devices.UNKNOWN)  # it moves with the network
        return Const(None)
    if "$items" in obj.fields:
        grown = _container_method(run, obj, name, args, node)
        if grown is not None:
            return grown
    return _other_module_method(run, obj, name, args, node)


def _switch_mode(run: Interpreter, obj: Obj, name: str, mode: Value | None, node: Any) -> None:
    if type(mode) is Obj and mode.kind == "flag":
        modes.restore(run, mode)
        return
    known = True if mode is None else run.truth(mode)[0]
    if known is None:
        run.branch([lambda: _moded(run, obj, Mode.TRAIN, node), lambda: _moded(run, obj, Mode.EVAL, node)])
    else:
        _moded(run, obj, Mode.TRAIN if name == "train" and known else Mode.EVAL, node)


def _freeze(run: Interpreter, obj: Obj, args: Args) -> None:
    wanted = args.get(0, "requires_grad")
    if wanted is not None and run.truth(wanted)[0] is not True:
        for _, part in tree.descendants(obj):
            run.write(part.fields, "$frozen", True)


def _moded(run: Interpreter, obj: Obj, mode: Mode, node: Any) -> bool:
    modes.switch(run, obj, mode, run.place(node))
    return True


def _register(run: Interpreter, obj: Obj, key: Value | None, value: Value, node: Any) -> None:
    if isinstance(obj.fields.get("$items"), tuple):
        run.write(obj.fields, "$items", (*obj.fields["$items"], value)[:64])
        building.joined(run, obj, value)
        return
    entries = obj.fields.get("$items")
    count = len(entries) if isinstance(entries, dict) else len(obj.fields)
    spelled = key.value if type(key) is Const and isinstance(key.value, str) else f"dynamic {count}"
    if isinstance(entries, dict):  # made of an OrderedDict
        run.write(obj.fields, "$items", {**entries, spelled: value})
        building.joined(run, obj, value)
        return
    attributes.set_attribute(run, obj, spelled, value, node)


def _parts(obj: Obj, name: str) -> Iteration:
    if type(obj.cls) is not Class and "$spec" not in obj.fields:  # a network of a library: its parts are not known
        item: Value = Tuple((Const(...), obj)) if name.startswith("named") else obj
        return Iteration(None, item, None)
    found = tree.descendants(obj) if name.endswith("modules") else tree.children(obj)
    items: list[Value] = [Tuple((Const(path), part)) if name.startswith("named") else part for path, part in found[:80]]
    made = Iteration(items, None, None)
    made.wrapped = "modules"
    return made


def _container_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    items = obj.fields["$items"]
    if name == "append" and args.positional and isinstance(items, tuple):
        run.write(obj.fields, "$items", (*items, args.positional[0])[:64])
        building.joined(run, obj, args.positional[0])
        return obj
    if name in ("extend", "insert") and args.positional and isinstance(items, tuple):
        value = args.positional[-1]
        more = objects.known_items(value) if name == "extend" else [value]
        run.write(obj.fields, "$items", (*items, *(more or ()))[:64])
        for item in more or ():
            building.joined(run, obj, item)
        return obj
    if isinstance(items, dict) and name in ("items", "values", "keys"):
        pairs = [(Const(key), value) for key, value in items.items()]
        column: list[Value] = [Tuple(pair) if name == "items" else pair[name == "values"] for pair in pairs]
        return Iteration(column, None, None)
    if name == "update" and isinstance(items, dict) and args.positional:
        known = objects.known_entries(args.positional[0]) or {}
        run.write(obj.fields, "$items", {**items, **known})
        for item in known.values():
            building.joined(run, obj, item)
        return Const(None)
    return None


def _other_module_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    restoring.called(run, obj, name, node)
    if name in building.RENEWED and type(obj.cls) is not Class:
        building.renewed(run, obj, name, node)
        return flow.unknown(())
    if name == "state_dict":
        return keepsakes.state_dict(run, obj, node)
    if name == "load_state_dict":
        keepsakes.loaded(run, obj, args, node)
        return flow.unknown(())
    if name in (
        "buffers",
        "named_buffers",
        "register_forward_hook",
        "register_full_backward_hook",
        "register_backward_hook",
        "extra_repr",
        "get_parameter",
        "half",
        "save_pretrained",
        "gradient_checkpointing_enable",
        "register_forward_pre_hook",
        "log",
        "log_dict",
        "save_hyperparameters",
        "flatten_parameters",
    ):
        return flow.unknown(())
    if name == "manual_backward" and args.positional:
        backpropagation.backward(run, args.positional[0], node)
        return Const(None)
    if name in frameworks.LIGHTNING_METHODS and hooks.lightning(obj.cls):
        return hooks.optimizers(run, obj, node) if name == "optimizers" else flow.unknown(args.values())
    if name in ("no_sync", "summon_full_params"):
        return Obj("context", name, run.place(node))
    if name == "get_submodule" and args.positional:
        return flow.unknown((obj,))
    if type(obj.cls) is Class and not obj.fields.get("$open"):
        return flow.unknown(args.values())
    if name in ("backward", "step"):
        return Const(None)
    escapes.havoc(run, [obj, *args.values()])
    call = NetworkCall(obj, run.place(node), modes.current(run, obj))
    network_calls.called(run, call, args, node)
    inputs = tuple([value for value in args.values() if flow.flows(value)])
    return Tensor(
        "module", inputs, run.place(node), True if run.flags["grad"] else run.flags["grad"], layer=obj, call=call
    )


def inert_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods that leave training alone."""
    return flow.unknown(())
