"""Parameters of networks: collections of them, single ones, and how they are initialised."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import objects
from dnnlint.script.networks import tree
from dnnlint.script.tables.layers import LayerSpec
from dnnlint.script.values import NOWHERE, Const, Iteration, Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def collection(owners: list[Value], known: bool, place: Place, named: bool = False) -> Obj:
    """Parameters of some owners: modules, objects that may be modules, or single tensors."""
    obj = Obj("parameters", None, place)
    unique: list[Value] = []
    for owner in owners:
        if not any(owner is other for other in unique):
            unique.append(owner)
    obj.fields["$owners"] = tuple(unique)
    obj.fields["$known"] = known
    obj.fields["$named"] = named
    return obj


def owners(value: Value | None, depth: int = 0) -> tuple[list[Value], bool]:
    """Whose parameters a value holds, and whether that is all of them."""
    found: list[Value] = []
    known = value is not None and depth < 5
    if not known:
        return found, False
    assert value is not None
    for option in options(value):
        if type(option) is Obj and option.kind == "parameters":
            found.extend(option.fields["$owners"])
            known = known and option.fields["$known"]
        elif type(option) is Obj and option.kind == "module":
            found.append(option)
        elif type(option) is Obj and option.kind in ("list", "dict"):
            entries = option.fields["$items"]
            items = (
                [entries["params"]] if isinstance(entries, dict) and "params" in entries else objects.contents(option)
            )
            known = known and not (option.fields.get("$more") and not items)
            for item in items:
                if type(item) is not Const:
                    inner, inner_known = owners(item, depth + 1)
                    found.extend(inner)
                    known = known and inner_known
        elif type(option) is Tensor and option.op in ("parameter", "leaf", "fresh", "view", "cut"):
            found.append(source_of(option))
        else:
            members = _members(option)
            known = known and members is not None
            for item in members or ():
                inner, inner_known = owners(item, depth + 1)
                found.extend(inner)
                known = known and inner_known
    return found, known


def _members(value: Value) -> list[Value] | None:
    if type(value) is Tuple:
        return list(value.items)
    if type(value) is not Iteration:
        return None
    if value.items is not None:
        return value.items
    only = value.item if value.item is not None else value.source
    return [only] if only is not None else None


def add(left: Obj, right: Obj, place: Place) -> Obj:
    """The parameters of both."""
    one, one_known = owners(left)
    other, other_known = owners(right)
    return collection([*one, *other], one_known and other_known, place)


def groups(optimizer: Obj) -> Obj:
    """``optimizer.param_groups``: one group that stands for all, whose parameters lead back to the optimiser."""
    params = collection([optimizer], False, NOWHERE)
    group = objects.new_dict({"params": params}, NOWHERE, True)
    group.fields["$group"] = optimizer
    return objects.new_list([group], NOWHERE, True)


def of_module(obj: Obj, place: Place, named: bool = False) -> Obj:
    """``module.parameters()``."""
    made = collection([obj], obj.kind == "module", place, named)
    made.fields["$once"] = True  # a generator
    return made


def once(owners: list[Value], known: bool, place: Place) -> Obj:
    """A generator of parameters, which gives them only once."""
    made = collection(owners, known, place)
    made.fields["$once"] = True
    return made


def is_parameter(value: Value) -> bool:
    """Whether a value is one parameter of a network."""
    return type(value) is Tensor and value.op == "parameter"


def layer_parameters(obj: Obj) -> list[tuple[str, Tensor]]:
    """The learnable tensors of one layer."""
    found = []
    spec: LayerSpec | None = obj.fields.get("$spec")
    if spec is not None and spec.parametric:
        found.append(("weight", Tensor("parameter", (), NOWHERE, True, layer=obj, extra="weight")))
        bias = obj.fields["$args"].get("bias")
        if not (type(bias) is Const and bias.value is False) and spec.kind != "embedding":
            found.append(("bias", Tensor("parameter", (), NOWHERE, True, layer=obj, extra="bias")))
    return found + tree.own_tensors(obj)


def iterate(run: Interpreter, obj: Obj, node: Any) -> Iteration:
    """A loop over parameters: each one where the owners are known, an abstract one elsewhere."""
    items: list[Value] = []
    named = obj.fields["$named"]
    for owner in obj.fields["$owners"]:
        if type(owner) is Obj and owner.kind == "module":
            for path, part in tree.descendants(owner):
                for name, tensor in layer_parameters(part):
                    full = Const(f"{path}.{name}" if path else name)
                    items.append(Tuple((full, tensor)) if named else tensor)
        else:
            tensor = owner if type(owner) is Tensor else Tensor("parameter", (), NOWHERE, True, extra=owner)
            items.append(Tuple((Const(...), tensor)) if named else tensor)
    if not items or not obj.fields["$known"]:
        tensor = Tensor("parameter", (), NOWHERE, True, extra=next(iter(obj.fields["$owners"]), None))
        items = [Tuple((Const(...), tensor)) if named else tensor]
        result = Iteration(None, items[0], obj)
    else:
        result = Iteration(items, None, obj)
        result.wrapped = "modules"
    return result


def owner_of(tensor: Tensor) -> Value | None:
    """The layer (or object of unknown class) a parameter tensor belongs to."""
    if tensor.layer is not None:
        return tensor.layer
    return tensor.extra if isinstance(tensor.extra, Value) else None


def source_of(tensor: Tensor) -> Value:
    """What stands for a parameter in an optimiser: what it belongs to, or itself where it stands alone."""
    return tensor if tensor.op != "parameter" else owner_of(tensor) or tensor


def dimensions(tensor: Tensor) -> int | None:
    """Number of axes of a layer's parameter."""
    if tensor.layer is None:
        return None
    spec: LayerSpec | None = tensor.layer.fields.get("$spec")
    if spec is None or tensor.extra not in ("weight", "bias"):
        return None
    if tensor.extra == "bias" or spec.kind not in ("linear", "conv", "conv_transpose", "embedding"):
        return 1
    return 2 + spec.dims if spec.kind.startswith("conv") else 2


def fan_in(layer: Obj) -> int | None:
    """Inputs to one unit: in_features, or in_channels times the kernel's area over the groups."""
    spec: LayerSpec | None = layer.fields.get("$spec")
    if spec is None or spec.fan is None:
        return None
    args: dict[str, Value] = layer.fields["$args"]
    size = _integer(args.get(spec.fan[0]))
    if size is None or not spec.dims:
        return size
    kernel = args.get("kernel_size")
    items = objects.known_items(kernel) if kernel is not None else None
    sizes = [_integer(item) for item in items] if items is not None else [_integer(kernel)] * spec.dims
    groups = args.get("groups")
    group = 1 if groups is None else _integer(groups)
    if group is None or any(one is None for one in sizes):
        return None
    return size * math.prod(one for one in sizes if one is not None) // max(group, 1)


def units(layer: Obj) -> int | None:
    """Outputs of a layer: out_features or out_channels."""
    spec: LayerSpec | None = layer.fields.get("$spec")
    if spec is None or spec.fan is None:
        return None
    return _integer(layer.fields["$args"].get(spec.fan[1]))


def _integer(value: Value | None) -> int | None:
    return value.value if type(value) is Const and type(value.value) is int else None
