"""Networks as objects: how they are built, what mode they are in, and what calling them does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeGuard

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Mode
from dnnlint.script import calls, flow, ir, iteration, objects, parameters, tensors
from dnnlint.script.tables.layers import LayerSpec
from dnnlint.script.values import (
    NOWHERE,
    Args,
    Class,
    Const,
    Func,
    NetworkCall,
    Obj,
    Tensor,
    Tuple,
    Union,
    Value,
    options,
)

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

Modes = frozenset[tuple[Mode, Place | None, int]]  # mode, the call that set it, and when

_UNKNOWN: Modes = frozenset({(Mode.UNKNOWN, None, 0)})
_NETWORK_NAME = re.compile(
    r"(?:^|_)(?:model|net|network|netg|netd|generator|discriminator|encoder|decoder|backbone|policy|classifier|critic|"
    r"actor|unet|cnn|rnn|lstm|gpt|bert|vae|gan|transformer|resnet|student|teacher|ddp|agent|regressor|mlp)s?(?:_|\d*$)",
    re.IGNORECASE,
)
_LOSS_NAME = re.compile(r"loss|criterion|crit$|objective", re.IGNORECASE)
_MAKER = re.compile(
    r"^[A-Z]|(?:class|cls|fn|factory|builder|type|ctor)$|^(?:create|build|make|get|load|init)_", re.ASCII
)
_SETTING = re.compile(
    r"^(?:cfg|conf|config|args|opts?|hparams?|params?|settings|n_|num_)|(?:_dim|_size|_channels|_classes)$"
)
_MOST_MODULES = 300
_DEEPEST_CHAIN = 40


def children(obj: Obj) -> list[tuple[str, Obj]]:
    """The modules registered directly in a module, with their attribute names."""
    found: list[tuple[str, Obj]] = []
    for name, value in obj.fields.items():
        kind = type(value)
        if kind is Obj:
            if value.kind == "module" and name[0] != "$":
                found.append((name, value))
        elif kind is Union:
            found.extend([(name, option) for option in value.options if _is_module(option)])
        elif name == "$items":
            entries = value.items() if kind is dict else enumerate(value)
            for key, item in entries:
                found.extend([(str(key), option) for option in options(item) if _is_module(option)])
    return found


def _is_module(value: Any) -> TypeGuard[Obj]:
    return type(value) is Obj and value.kind == "module"


def descendants(obj: Obj) -> list[tuple[str, Obj]]:
    """A module and everything below it, each once, with attribute paths."""
    seen = {id(obj)}
    found = [("", obj)]
    for path, parent in found:
        for name, child in children(parent):
            if id(child) not in seen and len(found) < _MOST_MODULES:
                seen.add(id(child))
                found.append((f"{path}.{name}" if path else name, child))
    return found


def within(part: Value, whole: Value) -> bool:
    """Whether one module is the other or is registered in it."""
    if part is whole:
        return True
    if type(whole) is not Obj or whole.kind != "module" or type(part) is not Obj:
        return False
    seen = {id(whole)}
    stack = [whole]
    while stack and len(seen) < _MOST_MODULES:
        for _, child in children(stack.pop()):
            if child is part:
                return True
            if id(child) not in seen:
                seen.add(id(child))
                stack.append(child)
    return False


def modes(run: Interpreter, obj: Obj) -> Modes:
    """What mode a network can be in where control is now; what was set before control started anew is not known."""
    known: Modes | None = obj.fields.get("$mode")
    if known is None:
        born: int = obj.fields.get("$clock", 0)
        known = frozenset({(Mode.TRAIN, None, born)}) if obj.kind == "module" else _UNKNOWN
    since = run.record.anew
    if since and any(clock <= since for _, _, clock in known):
        return frozenset({entry if entry[2] > since else (Mode.UNKNOWN, None, 0) for entry in known})
    return known


def mode_flag(run: Interpreter, obj: Obj) -> Obj:
    """``net.training`` where the mode is not known: remembered, so that ``net.train(flag)`` brings it back."""
    flag = Obj("flag", None)
    flag.fields["$of"] = obj
    flag.fields["$modes"] = modes(run, obj)
    return flag


def restore_mode(run: Interpreter, flag: Obj) -> None:
    """The mode is what it was when the flag was read."""
    for _, part in descendants(flag.fields["$of"]):
        run.write(part.fields, "$mode", flag.fields["$modes"])


def set_mode(run: Interpreter, obj: Obj, mode: Mode, place: Place) -> None:
    """Put a network and everything in it into a mode."""
    run.record.events += 1
    if obj.kind == "opaque":
        run.write(obj.fields, "$network", True)
    new: Modes = frozenset({(mode, place, run.tick())})
    for _, part in descendants(obj):
        run.write(part.fields, "$mode", new)
        for name, value in part.fields.items():
            if name[0] != "$" and type(value) is Obj and value.kind == "opaque" and "$network" in value.fields:
                run.write(value.fields, "$mode", new)


def mode_dependent(run: Interpreter, obj: Obj) -> bool | None:
    """Whether a network holds dropout or batch normalisation; None if that cannot be told."""
    state: bool | None = False
    for _, part in descendants(obj):
        one = _layer_depends(part)
        if one:
            return True
        if one is None:
            state = None
        if part.fields.get("$dropout"):
            return True
        for name, value in part.fields.items():
            if name[0] != "$" and type(value) is Obj and value.kind == "opaque" and _NETWORK_NAME.search(name):
                state = None
    return state


def _layer_depends(obj: Obj) -> bool | None:
    spec: LayerSpec | None = obj.fields.get("$spec")
    if spec is None:
        if obj.kind != "module":
            return None
        if type(obj.cls) is not Class:
            return obj.fields.get("$dependent")
        return None if obj.fields.get("$open") else False
    if isinstance(spec.mode_dependent, str):
        value = obj.fields["$args"].get(spec.mode_dependent)
        if spec.kind == "recurrent" and _single_layer(obj):
            return False  # its dropout stands between layers
        if value is None:
            return bool(spec.mode_default)
        if type(value) is Const and value.value is not ...:
            # a rate of zero that comes from a setting is a rate that the setting may raise
            return bool(value.value) or (spec.kind == "dropout" and "$literal" not in obj.fields)
        return True if spec.kind == "dropout" else None
    return bool(spec.mode_dependent)


def _single_layer(obj: Obj) -> bool:
    layers = obj.fields["$args"].get("num_layers")
    return layers is None or (type(layers) is Const and layers.value == 1)


def new_layer(cls: str, spec: LayerSpec, args: Args, place: Place) -> Obj:
    """A layer of a library."""
    obj = Obj("module", cls, place)
    given = {**args.keywords, **dict(zip(spec.params, args.positional, strict=False))}
    obj.fields["$spec"] = spec
    obj.fields["$args"] = given
    return obj


def literal_rate(run: Interpreter, obj: Obj, node: Any) -> None:
    """Note a dropout layer whose rate is written as a number where it is built, and not configured elsewhere."""
    written = [*node.args[:1], *[value for name, value in node.keywords if name == "p"]]
    if obj.fields["$spec"].kind == "dropout" and (not written or type(written[0]) is ir.Const):
        obj.fields["$literal"] = True


def partly_frozen(obj: Obj) -> bool:
    """Whether parameters of a network were frozen: a part of it is meant to stay as it is."""
    return any(part.fields.get("$frozen") for _, part in descendants(obj))


def has_parameters(obj: Obj) -> bool | None:
    """Whether a network can learn; None if that cannot be told."""
    state: bool | None = False
    for _, part in descendants(obj):
        spec: LayerSpec | None = part.fields.get("$spec")
        if spec is not None and spec.parametric:
            return True
        if spec is None and type(part.cls) is not Class:
            return True
        if any(type(v) is Tensor and v.op == "parameter" for v in part.fields.values()):
            return True
        if any(type(v) is Obj and v.kind == "opaque" for k, v in part.fields.items() if k[0] != "$"):
            state = None
        if part.fields.get("$open"):
            state = None
    return state


# building


def prepare(run: Interpreter, obj: Obj) -> None:
    """Before the constructor of a project class runs."""
    obj.fields["$from"] = run.tick()
    if obj.kind == "module":
        obj.fields["$mode"] = frozenset({(Mode.TRAIN, None, obj.fields["$from"])})


def built(run: Interpreter, obj: Obj, args: Args, node: Any) -> None:
    """After the constructor of a project class has run."""
    obj.fields["$to"] = run.tick()
    if obj.kind == "module":
        run.record.modules.append(obj)


def set_attribute(run: Interpreter, obj: Obj, name: str, value: Value, node: Any) -> bool:
    """Attribute assignments that mean more than storing; True if that was all."""
    if obj.kind == "module" or obj.kind == "instance":
        for option in options(value):
            if type(option) is Obj and option.kind == "module":
                run.write(option.fields, "$registered", True)
        if not run.building:
            run.version += 1
        if type(value) in (Obj, Tuple, Union):
            run.write(obj.fields, "$at " + name, run.place(node))
    return obj.kind == "module" and name in ("training", "requires_grad")


def joined(run: Interpreter, container: Obj, value: Value) -> None:
    """A value was put into a container: a module in a module container counts as registered."""
    if container.kind == "module":
        for option in options(value):
            if type(option) is Obj:
                run.write(option.fields, "$registered", True)
        run.version += 1


def collected(run: Interpreter, values: list[Value], place: Place, more: bool) -> Value:
    """The result of a list comprehension: parameters stay a collection of parameters."""
    owners = [value for value in values if type(value) is Tensor and value.op == "parameter"]
    if owners and len(owners) == len(values):
        return parameters.collection([value.layer or value for value in owners], not more or True, place)
    made = objects.new_list(values, place, more)
    made.fields["$born"] = run.clock
    return made


def container(run: Interpreter, cls: str, spec: LayerSpec, args: Args, node: Any) -> Obj:
    """nn.Sequential, nn.ModuleList, nn.ModuleDict ... with what is put into them."""
    obj = new_layer(cls, spec, Args(), run.place(node))
    obj.fields["$clock"] = run.tick()
    first = args.positional[0] if args.positional else None
    entries: Any = ()
    if cls.endswith("Sequential") and not (len(args.positional) == 1 and _is_dict(first)):
        entries = tuple(args.positional)
        obj.fields["$more"] = args.open
    elif first is not None and _is_dict(first):
        entries = dict(first.fields["$items"])  # type: ignore[attr-defined]
        obj.fields["$more"] = first.fields.get("$more", False)  # type: ignore[attr-defined]
    elif first is not None:
        items = objects.known_items(first)
        if items is None and type(first) is Obj and first.kind == "list":
            items = objects.contents(first)
            obj.fields["$more"] = True
        if items is None:
            element = iteration.element(run, iteration.iterate(run, first, node), node)
            items = [element] if _is_module(element) else []
            obj.fields["$more"] = True
        pairs = [item for item in items if type(item) is Tuple and len(item.items) == 2]
        if pairs and len(pairs) == len(items) and not cls.endswith("List"):
            entries = {str(getattr(pair.items[0], "value", i)): pair.items[1] for i, pair in enumerate(pairs)}
        else:
            entries = tuple(items)
    elif cls.endswith("Dict"):
        entries = {}
    if args.keywords and cls.endswith("Dict"):
        entries = {**entries, **args.keywords}
    obj.fields["$items"] = entries
    for item in objects.contents(obj):
        for option in options(item):
            if type(option) is Obj:
                run.write(option.fields, "$registered", True)
    return obj


def _is_dict(value: Value | None) -> bool:
    return type(value) is Obj and value.kind == "dict"


# calling


def call_module(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    """``model(x)``: the data flow of its forward, marked as this call where it comes from outside a network."""
    if run.forwards or has_parameters(obj) is False or _is_loss(obj):
        return forward(run, obj, args, node)
    call = NetworkCall(obj, run.place(node), modes(run, obj))
    run.record.called(call, args, node)
    states = frozenset({mode for mode, _, _ in call.modes})
    key = (id(obj), run.version, states, run.flags["grad"], _shape(args))
    known = run.summaries.get(key)
    if known is None:
        inner = Args([_symbol(value) for value in args.positional], {k: _symbol(v) for k, v in args.keywords.items()})
        inner.open = args.open
        outer, run.operations = run.operations, []
        try:
            known = (forward(run, obj, inner, node), obj)
            run.record.network(obj, run.operations, known[0])
        finally:
            run.operations = outer
        run.summaries[key] = known
    graph = True if run.flags["grad"] else run.flags["grad"]
    return _mark(run, known[0], call, args, graph, 0)


def _is_loss(obj: Obj) -> bool:
    return type(obj.cls) is Class and bool(_LOSS_NAME.search(obj.cls.name)) and has_parameters(obj) is not True


def _shape(args: Args) -> tuple[Any, ...]:
    parts: list[Any] = []
    for name, value in [*enumerate(args.positional), *args.keywords.items()]:
        if type(value) is Const:
            parts.append((name, repr(value.value)))
        elif type(value) is Tuple:
            parts.append((name, len(value.items)))
        else:
            parts.append(
                (name, type(value).__name__, id(value) if type(value) is Obj and value.kind != "opaque" else 0)
            )
    return tuple(parts)


def _symbol(value: Value) -> Value:
    if type(value) is Tensor or (type(value) is Obj and value.kind == "opaque"):
        return Tensor("input", (), NOWHERE, None)
    return value


def _mark(run: Interpreter, value: Value, call: NetworkCall, args: Args, graph: bool | None, depth: int) -> Value:
    kind = type(value)
    if depth > 4 or kind is Const:
        return value
    if kind is Tuple:
        return Tuple(tuple([_mark(run, item, call, args, graph, depth + 1) for item in value.items]))  # type: ignore[attr-defined]
    if kind is Union:
        return Union(tuple([_mark(run, item, call, args, graph, depth + 1) for item in value.options]))  # type: ignore[attr-defined]
    if kind is Obj and value.kind in ("list", "dict", "instance"):  # type: ignore[attr-defined]
        return _mark_object(run, value, call, args, graph, depth)  # type: ignore[arg-type]
    inputs = (value, *[arg for arg in args.values() if flow.flows(arg)])
    inner = flow.carries(value)
    if graph and inner is not True:  # what depends on nothing but the inputs carries a graph if they do
        graph = inner if inner is False else flow.attached(run, args.values())
    return Tensor("output", inputs, call.place, graph, call=call)


def _mark_object(run: Interpreter, obj: Obj, call: NetworkCall, args: Args, graph: bool | None, depth: int) -> Obj:
    copy = Obj(obj.kind, obj.cls, obj.at, obj.name)
    for name, value in obj.fields.items():
        if name == "$items" and isinstance(value, dict):
            copy.fields[name] = {k: _mark(run, v, call, args, graph, depth + 1) for k, v in value.items()}
        elif name == "$items":
            copy.fields[name] = tuple([_mark(run, v, call, args, graph, depth + 1) for v in value])
        elif isinstance(value, Value):
            copy.fields[name] = _mark(run, value, call, args, graph, depth + 1)
        else:
            copy.fields[name] = value
    return copy


def forward(run: Interpreter, obj: Obj, args: Args, node: Any, place: Place | None = None) -> Value:
    """The data flow through a module, in place."""
    if type(obj.cls) is Class:
        found = obj.cls.find("forward")
        if type(found) is Func:
            nested = bool(run.forwards) or (has_parameters(obj) is not False and not _is_loss(obj))
            run.forwards += nested
            try:
                return calls.call_function(run, found, Args([obj, *args.positional], args.keywords, args.open), node)
            finally:
                run.forwards -= nested
    spec: LayerSpec | None = obj.fields.get("$spec")
    if spec is None:
        return tensors.opaque_result(run, "module", obj, args, node)
    if spec.kind == "container":
        return _chain(run, obj, args, node)
    return apply_layer(run, obj, spec, args, place or run.place(node))


def _chain(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    value = args.positional[0] if args.positional else next(iter(args.keywords.values()), flow.unknown(()))
    plain = type(obj.cls) is str and not obj.cls.endswith("Sequential")
    if plain or run.chains > _DEEPEST_CHAIN:  # a container may hold itself
        return tensors.opaque_result(run, "unknown", obj, args, node)
    run.chains += 1
    for item in objects.contents(obj):
        inputs = Args([value])
        value = calls.each(
            run,
            options(item),
            lambda option, inputs=inputs: (
                forward(run, option, inputs, node, option.at)  # type: ignore[misc]
                if _is_module(option)
                else calls.call(run, option, inputs, node)
            ),
        )
    if obj.fields.get("$more"):
        value = tensors.make(run, Tensor("unknown", (value,), run.place(node), flow.carries(value)))
    run.chains -= 1
    return value


def apply_layer(run: Interpreter, obj: Obj, spec: LayerSpec, args: Args, place: Place) -> Value:
    """One library layer on its input."""
    inputs = tuple(value for value in args.values() if flow.flows(value))
    graph = flow.attached(run, inputs)
    if spec.parametric and run.flags["grad"] is not False:
        graph = True if run.flags["grad"] else None
    tensor = tensors.make(run, Tensor(spec.kind, inputs, place, graph, layer=obj))
    name = str(obj.cls).rpartition(".")[2]
    if spec.kind == "recurrent" and not name.endswith("Cell"):
        state: Value = Tensor("view", (tensor,), place, graph)
        return Tuple((tensor, Tuple((state, state)) if name == "LSTM" else state))
    if name == "LSTMCell":
        return Tuple((tensor, Tensor("view", (tensor,), place, graph)))
    if spec.kind == "attention" and name == "MultiheadAttention":
        return Tuple((tensor, Tensor("cut", (tensor,), place, False)))
    return tensor


def network_like(obj: Obj) -> bool:
    """Whether an object of unknown class is taken for a network: by what was done with it, or by its name."""
    return bool(obj.fields.get("$network")) or bool(_NETWORK_NAME.search(obj.name) and not _LOSS_NAME.search(obj.name))


def _builds(func: Obj, args: Args) -> bool:
    """Whether calling something builds a network rather than runs one: by its name, or since no data is handed over."""
    if _MAKER.search(func.name):
        return True
    return not any(
        type(value) is not Const
        and not (type(value) is Obj and (value.kind in ("dict", "namespace") or _SETTING.search(value.name)))
        for value in args.positional
    ) and not any(type(value) is Tensor for value in args.keywords.values())


def call_unknown(run: Interpreter, func: Value, args: Args, node: Any) -> Value:
    """Calling something nothing is known of; it may be a network."""
    run.record.havoc(run, args.values(), func)
    if type(func) is Obj and func.kind == "opaque" and network_like(func) and not _builds(func, args):
        call = NetworkCall(func, run.place(node), modes(run, func))
        run.record.called(call, args, node)
        result = tensors.opaque_result(run, "module", func, args, node)
        if type(result) is Tensor:
            result.call = call
        return result
    return tensors.opaque_result(run, "unknown", func, args, node)
