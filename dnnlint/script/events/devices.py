"""Where networks and data lie: on the CPU, where they are made, or on the device that the script moves them to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import DeviceMix
from dnnlint.script import flow, graph, ir
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.networks import tree
from dnnlint.script.values import Const, Ext, NetworkCall, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

CPU, MOVED, UNKNOWN = frozenset({"cpu"}), frozenset({"moved"}), frozenset({"unknown"})
Where = frozenset[str]
_DEVICE_NAME = re.compile(r"device|^dev$|gpu|cuda|rank|_dev$", re.IGNORECASE)
_ACCELERATOR = re.compile(r"^(?:cuda|mps|xpu|npu|hpu|xla|meta|gpu)")
_MADE = frozenset(
    [
        "tensor",
        "from_numpy",
        "randn",
        "rand",
        "zeros",
        "ones",
        "randint",
        "arange",
        "full",
        "empty",
        "linspace",
        "eye",
        "normal",
    ]
)
_MOVING = frozenset({"to", "cuda", "send_to_device", "to_device", "device_put", "prepare"})
MOVES = frozenset({"to", "cuda", "cpu"})
_KNOWN_DATA = ("torchvision.datasets.",)
_KNOWN_NETWORKS = ("torchvision.models.", "timm.")
_DEEPEST = 14
_DEEPEST_CODE = 40


def target(run: Interpreter, name: str, args: Args) -> str | None:
    """Where ``x.to(...)`` moves its receiver: "cpu", "moved" or "unknown"; None if it only changes the type."""
    if name != "to":
        return "moved" if name == "cuda" else "cpu"
    first = args.keywords.get("device") or (args.positional[0] if args.positional else None)
    if first is None:
        return "unknown" if args.open else None
    found = {_named(option) for option in options(first)}
    if None in found:
        return None if found == {None} else "unknown"
    return "unknown" if "unknown" in found else "cpu" if found == {"cpu"} else "moved"


def _named(value: Value) -> str | None:
    """What one value stands for as the argument of ``to``."""
    if type(value) is Const:
        if isinstance(value.value, str):
            known = _ACCELERATOR.match(value.value) or (value.value == "cpu" and value.soft)
            return "moved" if known else "cpu" if value.value == "cpu" else "unknown"
        return "moved" if type(value.value) is int else "unknown"
    if type(value) is Ext:
        return None if value.dotted.startswith("torch.") else "unknown"  # torch.float16
    if type(value) is Obj and value.kind == "opaque":
        known_kind: str | None = value.fields.get("$place")
        return known_kind or ("moved" if _DEVICE_NAME.search(value.name) else "unknown")
    return "unknown"


def device(run: Interpreter, args: Args, node: Any) -> Value:
    """``torch.device(...)``."""
    made = Obj("opaque", at=run.place(node))
    made.fields["$place"] = target(run, "to", args) or "unknown"
    return made


def move_network(run: Interpreter, obj: Obj, name: str, args: Args) -> Obj:
    """A network is moved in place, with everything in it; other conversions leave it where it is."""
    where = target(run, name, args) if name in ("to", "cuda", "cpu") else None
    if where is not None:
        run.record.moves += 1
        for _, part in tree.descendants(obj):
            settle(run, part, frozenset({where}))
    return obj


def settle(run: Interpreter, obj: Obj, where: Where) -> None:
    """An object lies somewhere from now on."""
    obj.fields.setdefault("$device", CPU)  # where it is on paths that do not come by here
    run.write(obj.fields, "$device", where)


def forget(run: Interpreter, obj: Obj) -> None:
    """A network or loader was handed to code that may move it, or what it yields."""
    for _, part in tree.descendants(obj):
        settle(run, part, UNKNOWN)


def handed_over(run: Interpreter, values: list[Value]) -> None:
    """An engine was given networks and loaders, and takes care of where they lie."""
    for value in values:
        for option in options(value):
            if type(option) is Obj and option.kind in ("module", "loader"):
                forget(run, option)


def scattered(args: Args) -> None:
    """A network was wrapped so that its inputs are sent to where it lies."""
    for value in args.values()[:1]:
        for option in options(value):
            if type(option) is Obj and option.kind == "module":
                option.fields["$scatters"] = True


def move_tensor(run: Interpreter, made: Tensor, name: str, args: Args) -> None:
    """A tensor was moved: the result lies there, the receiver stays where it was."""
    where = "unknown" if name in ("type", "type_as") else target(run, name, args)
    if where is not None:
        run.record.moves += 1
        place(run, made, frozenset({where}))


def carried(run: Interpreter, obj: Obj) -> None:
    """Something of unknown class was moved, and what was put into it with it, one would think."""
    for value in obj.fields.values():
        if type(value) is Tensor:
            place(run, value, UNKNOWN)


def place(run: Interpreter, made: Value, where: Where) -> None:
    """Note where a value lies."""
    run.record.placed[id(made)] = where
    run.record.alive.append(made)


def made(run: Interpreter, value: Value, name: str, args: Args) -> None:
    """A tensor was made from nothing, or from data of the host."""
    if "device" in args.keywords or args.open:
        place(run, value, UNKNOWN)
    elif name in _MADE and not any(flow.tensorial(one) for one in args.positional[:1] if type(one) is Tensor):
        scalar = bool(args.positional) and name == "tensor" and type(args.positional[0]) is Const
        place(run, value, UNKNOWN if scalar else CPU)


def of_network(run: Interpreter, network: Obj) -> Where | None:
    """Where the parameters of a network lie, if all of them lie there and nothing in it moves its input."""
    if network.kind != "module":
        return None
    found: set[Where] = set()
    for _, part in tree.descendants(network):
        spec = part.fields.get("$spec")
        if part.fields.get("$scatters") or (spec is not None and "device" in part.fields["$args"]):
            return None
        if type(part.cls) is Class:
            if part.fields.get("$open") or _moves(run, part.cls):
                return None
            if not tree.own_tensors(part):
                continue
        elif spec is None and not str(part.cls).startswith(_KNOWN_NETWORKS):
            return None
        elif spec is not None and not spec.parametric:
            continue
        found.add(part.fields.get("$device", CPU))
    return found.pop() if len(found) == 1 else None


def _moves(run: Interpreter, cls: Class) -> bool:
    """Whether a method that handles data moves it."""
    known = run.record.movers.get(cls)
    if known is None:
        known = run.record.movers[cls] = _has_moving_method(cls)
    return known


def _has_moving_method(cls: Class) -> bool:
    found = [cls.find(name) for name in ("forward", "__getitem__", "__iter__", "__call__", "collate_fn", "__next__")]
    named = [one for one in found if type(one) is Func]
    inner = [one for one in cls.names.values() if type(one) is Func and one.name != "__init__"]
    methods = [one.node for one in (*named, *inner) if type(one.node) is ir.FunctionDef]
    return any(not one.traits.isdisjoint(_MOVING) or _names_a_device(one.body) for one in methods)


def _names_a_device(part: Any, depth: int = 0) -> bool:
    """Whether a keyword ``device`` is given somewhere in a piece of code."""
    if isinstance(part, (list, tuple)):
        return any(_names_a_device(item, depth + 1) for item in part) if depth < _DEEPEST_CODE else False
    if type(part) is ir.Call and any(name == "device" for name, _ in part.keywords):
        return True
    if not isinstance(part, ir.Node) or depth > _DEEPEST_CODE:
        return False
    return any(_names_a_device(getattr(part, slot), depth + 1) for slot in type(part).__slots__)


def of_value(run: Interpreter, value: Value, depth: int = 0) -> Where | None:
    """Where a value lies; None if that is not known."""
    if depth > _DEEPEST or id(value) in run.record.unmoved:
        return None
    known = run.record.placed.get(id(value))
    if known is not None:
        return None if "unknown" in known else known
    if type(value) is Union:
        return _joined([of_value(run, one, depth + 1) for one in value.options])
    if type(value) is Tuple:
        return None
    if type(value) is Obj:
        return _of_loader(run, value, depth) if value.kind == "loader" else None
    if type(value) is not Tensor:
        return None
    if value.call is not None:
        return value.call.device
    if value.op in ("unknown", "module", "parameter", "input", "leaf") or value.layer is not None or not value.inputs:
        return None
    return _joined([of_value(run, one, depth + 1) for one in value.inputs])


def _joined(parts: list[Where | None]) -> Where | None:
    found: set[str] = set()
    for part in parts:
        if part is None:
            return None
        found |= part
    return frozenset(found)


def _of_loader(run: Interpreter, loader: Obj, depth: int) -> Where | None:
    args = loader.fields["$args"]
    if "collate_fn" in args or loader.fields["$open"] or "$device" in loader.fields:
        return None
    return _of_dataset(run, loader.fields["$dataset"], depth)


def _of_dataset(run: Interpreter, dataset: Value, depth: int) -> Where | None:
    if type(dataset) is not Obj or depth > _DEEPEST:
        return None
    if type(dataset.cls) is Class:
        held = [of_value(run, one, depth + 1) for one in dataset.fields.values() if type(one) is Tensor]
        away = any(one is not None and one != CPU for one in held) or any(map(_DEVICE_NAME.search, dataset.fields))
        return None if away or _moves(run, dataset.cls) or dataset.fields.get("$open") else CPU
    name = str(dataset.cls or "")
    if name.startswith(_KNOWN_DATA):
        return CPU
    inputs: tuple[Value, ...] = dataset.fields.get("$inputs", ())
    if name.endswith("TensorDataset") and inputs:
        return _joined([of_value(run, one, depth + 1) for one in inputs])
    if name.endswith(("Subset", "random_split")) and inputs:
        return _of_dataset(run, inputs[0], depth + 1)
    return None


def entered(run: Interpreter, layer: Obj, kind: str, args: Args) -> None:
    """A layer in a forward pass is given a state or positions that the forward pass made itself."""
    if run.record.elsewhere or not run.forwards:
        return
    for value in args.positional[1:2] if kind == "recurrent" else args.positional[:1]:
        for part in value.items if type(value) is Tuple else (value,):
            if type(part) is Tensor and of_value(run, part) == CPU:
                run.record.entered.append((part.at, layer))


def complete(run: Interpreter) -> None:
    """State the tensors that a forward pass made on the CPU for a layer that is moved."""
    for made_at, layer in run.record.entered if not run.record.elsewhere else ():
        if layer.fields.get("$device") == MOVED:
            run.record.state(DeviceMix(made_at, graph.title(layer), True, True, layer.at, True))


def called(run: Interpreter, call: NetworkCall, args: Args) -> None:
    """A network was called from outside any network."""
    if not run.record.moves or run.record.elsewhere:
        return
    where = call.device = of_network(run, call.network)
    if where is None or "unknown" in where:
        call.device = None
        return
    for value in args.values():
        if _meet(run, call.place, graph.title(call.network), where, of_value(run, value), call.network.at):
            call.device = None  # what it gives is another matter


def compared(run: Interpreter, prediction: Value, target_value: Value, node: Any) -> None:
    """A loss of a prediction and a target."""
    if not run.record.moves or run.record.elsewhere:
        return
    where = of_value(run, prediction)
    if where is not None:
        _meet(run, run.place(node), "", where, of_value(run, target_value), None)


def _meet(run: Interpreter, at: Any, network: str, where: Where, other: Where | None, built: Any) -> bool:
    """State that one thing is moved and the other stays on the CPU, on some path."""
    if other is None or other == where or CPU not in (where, other):
        return False
    moved = where if other == CPU else other
    run.record.state(DeviceMix(at, network, where != CPU, moved == MOVED, built))
    return True
