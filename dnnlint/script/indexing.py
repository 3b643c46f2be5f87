"""Items, slices and unpacking of abstract values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import arrays, attributes, calls, flow, inlining, ir, iteration, lengths, objects, tensors
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.lattice import join
from dnnlint.script.networks import building
from dnnlint.script.values import HOT, ZEROS, Const, Ext, Iteration, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_SHORT = 8

_MOST_ITEMS = 32
_MOST_ENTRIES = 64


def get_item(run: Interpreter, value: Value, index: Value, node: Any) -> Value:
    """The value of ``value[index]``."""
    kind = type(value)
    if kind is Tensor:
        if type(index) is Const and isinstance(index.value, str):
            return _field(run, value, index.value, node)  # type: ignore[arg-type]
        return tensors.item(run, value, index, node)  # type: ignore[arg-type]
    if kind is Union:
        return join([get_item(run, option, index, node) for option in options(value)])  # type: ignore[no-any-return]
    if type(index) is Union:
        return join([get_item(run, value, option, node) for option in options(index)])  # type: ignore[no-any-return]
    items = objects.known_items(value)
    if kind is Obj and type(index) is Tensor and value.kind == "opaque":  # type: ignore[attr-defined]
        return flow.unknown((value, index))
    if items is not None and type(index) is Const and isinstance(index.value, int):
        chosen = items[index.value] if -len(items) <= index.value < len(items) else flow.unknown(tuple(items))
        return iteration.taken(value, chosen) if kind is Obj else chosen  # type: ignore[arg-type]
    if kind is Obj:
        return _object_item(run, value, index, node)  # type: ignore[arg-type]
    if items:
        return join(items)  # type: ignore[no-any-return]
    if kind is Ext and value.dotted.endswith(".__dict__"):  # type: ignore[attr-defined]
        key = index.value if type(index) is Const and isinstance(index.value, str) else "any"
        return Ext(f"{value.dotted[:-9]}.{key}")  # type: ignore[attr-defined]
    if kind is Const:
        return lengths.item(run, value, index)
    if kind is Class or kind is Ext:
        return value  # a generic alias: List[int], nn.Module[...]
    return flow.unknown((value,))


def _field(run: Interpreter, tensor: Tensor, key: str, node: Any) -> Tensor:
    op = "batch" if tensor.op == "batch" else "unknown"
    return Tensor(op, (tensor,), run.place(node), tensor.attached, extra=key)


def _object_item(run: Interpreter, obj: Obj, index: Value, node: Any) -> Value:
    items = obj.fields.get("$items")
    if isinstance(items, dict):
        key = index.dotted if type(index) is Ext else index.value if type(index) is Const else ...
        if key is not ... and isinstance(key, (str, int, float, bool, tuple)) and key in items:
            return items[key]  # type: ignore[no-any-return]
        factory = obj.fields.get("$factory")
        if factory is not None and key is not ... and isinstance(key, (str, int, float, bool)):
            made = calls.call(run, factory, Args(), node)
            if type(made) is Obj:
                made.fields["$born"] = obj.fields["$born"]
            run.write(obj.fields, "$items", {**items, key: made})
            return made
        if key is ... and items:
            return join(list(items.values()))  # type: ignore[no-any-return]
    elif items and obj.kind in ("list", "module"):
        return join(list(items))  # type: ignore[no-any-return]
    if type(obj.cls) is Class:
        getter = obj.cls.find("__getitem__")
        if type(getter) is Func:
            return inlining.call_function(run, getter, Args([obj, index]), node)
    if type(index) is Const and isinstance(index.value, (str, int)):
        return (
            attributes.object_attribute(run, obj, f"[{index.value}]", node)
            if obj.kind == "opaque"
            else flow.unknown((obj,))
        )
    return arrays.note(flow.unknown((obj,)), "[]", Args([obj, index]))


def get_slice(run: Interpreter, value: Value, node: Any, at: Any) -> Value:
    """The value of ``value[a:b:c]``."""
    bounds = [run.evaluate(part) if part is not None else Const(None) for part in (node.lower, node.upper, node.step)]
    if type(value) is Tensor:
        return run.operation(Tensor("view", (value,), run.place(at), value.attached, extra=_span(bounds), name="[:]"))
    items = objects.known_items(value)
    if items is not None and all(type(b) is Const and (b.value is None or type(b.value) is int) for b in bounds):
        kept = items[slice(*[b.value for b in bounds])]  # type: ignore[attr-defined]
        return Tuple(tuple(kept)) if type(value) is Tuple else objects.new_list(kept, run.place(at))
    if type(value) is Const and isinstance(value.value, str):
        return Const(...)
    if type(value) is Obj and value.kind == "list":
        return objects.new_list(objects.contents(value), run.place(at), True)
    if type(value) is Iteration:
        return value
    return arrays.note(flow.unknown((value,)), "[:]", Args([value]))


def _span(bounds: list[Value]) -> tuple[str, int, int | None] | None:
    """The samples that a slice takes, as far as it is written in numbers."""
    lower, upper, step = [bound.value if type(bound) is Const else ... for bound in bounds]
    if step is not None or not (lower is None or type(lower) is int) or not (upper is None or type(upper) is int):
        return None
    return ("slice", lower or 0, upper)


def set_item(run: Interpreter, value: Value, index: Value, new: Value) -> None:
    """Carry out ``value[index] = new``."""
    for obj in options(value):
        if type(obj) is not Obj:
            if type(obj) is Tensor:
                _heat(run, obj, index, new)
            continue
        items = obj.fields.get("$items")
        key = index.value if type(index) is Const else ...
        if isinstance(items, dict):
            if key == "lr" and "$group" in obj.fields:
                obj.fields["$group"].fields["$rescaled"] = True  # whoever may be on the way, the rate is not as built
            if key is ... or not isinstance(key, (str, int, float, bool, tuple)):
                key = ("$", len(items))
                run.write(obj.fields, "$more", True)
            if len(items) < _MOST_ENTRIES or key in items or obj.kind != "dict":
                run.write(obj.fields, "$items", {**items, key: new})
            else:  # a registry: each entry would cost as much as there are
                run.write(obj.fields, "$more", True)
            building.joined(run, obj, new)
        elif isinstance(items, tuple) and type(key) is int and -len(items) <= key < len(items):
            changed = list(items)
            changed[key] = new
            run.write(obj.fields, "$items", tuple(changed))
            building.joined(run, obj, new)
        elif isinstance(items, tuple):
            run.write(obj.fields, "$items", (*items[:_MOST_ITEMS], new))
            run.write(obj.fields, "$more", True)
        elif obj.kind == "opaque":
            if type(new) is Tensor and new.op == "fitted":
                run.write(obj.fields, "$fits", new)
            if key is not ...:
                building.part_replaced(run, obj, f"{obj.name}[{key}]", new)
                run.write(obj.fields, f"[{key}]", new)
            _heat(run, obj, index, new)


def _heat(run: Interpreter, value: Obj | Tensor, index: Value, new: Value) -> None:
    """``target[label] = 1``, ``target[torch.arange(n), labels] = 1`` of zeros."""
    if type(new) is not Const or new.value != 1:
        return
    if type(value) is Tensor:
        axes = len(value.args.positional) if value.extra == ZEROS and value.args is not None else 0
        if _one_place(run, axes, index):
            value.extra = HOT
    elif type(value) is Obj:
        made = value.fields.get("$made")
        if made is not None and made.name == "zeros" and _one_place(run, len(made.args.positional), index):
            value.fields["$hot"] = True  # not journalled: what a data set returns is looked at apart


def _one_place(run: Interpreter, axes: int, index: Value) -> bool:
    """Whether an index picks one place a sample: the one of its class."""
    if type(index) is Tuple:
        first = index.items[0] if index.items else None
        line = (type(first) is Tensor and first.name == "arange") or (type(first) is Iteration and first.items is None)
        return axes == 2 and len(index.items) == 2 and line
    known = type(index) is Const and index.value is not ...
    return axes == 1 and not known and not run.frame.loops and not (type(index) is Obj and index.name == "slice")


def unpack(run: Interpreter, value: Value, target: Any) -> list[Value]:
    """The values that the parts of a target pattern receive."""
    parts = target.items
    items = objects.known_items(value)
    star = next((i for i, part in enumerate(parts) if type(part) is ir.Starred), None)
    if items is not None and star is None and len(items) == len(parts):
        return items
    if items is not None and star is not None and len(items) >= len(parts) - 1:
        after = len(parts) - star - 1
        middle = objects.new_list(items[star : len(items) - after], run.place(target))
        return [*items[:star], middle, *items[len(items) - after :]]
    if type(value) is Union:
        rows = [unpack(run, option, target) for option in value.options if not attributes.certainly_none(option)]
        return [join(list(column)) for column in zip(*rows, strict=True)] if rows else [flow.unknown(()) for _ in parts]
    names = [part.id if type(part) is ir.Name else "" for part in parts]
    if type(value) is Tensor:
        return [tensors.part(run, value, index, names[index], target) for index in range(len(parts))]
    if not flow.flows(value):
        return lengths.parts(run, value, len(parts))
    return [Obj("opaque", name=name, sources=(value,)) for name in names]
