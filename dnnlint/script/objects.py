"""What attributes, items, iteration and containers of abstract values are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import calls, ir, networks, parameters, tensors
from dnnlint.script.values import (
    MISSING,
    NOWHERE,
    Args,
    Bound,
    Class,
    Const,
    Ext,
    Func,
    Iteration,
    Lazy,
    Method,
    Module,
    Obj,
    Partial,
    Tensor,
    Tuple,
    Union,
    Value,
    join,
    options,
    same,
)

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_SHORT = 8


def unknown(sources: tuple[Value, ...] | list[Value], name: str = "") -> Obj:
    """Something nothing is known of, except what it may have been made from."""
    return Obj("opaque", name=name, sources=tuple(value for value in sources if flows(value)))


def flows(value: Value) -> bool:
    """Whether data (and gradient) can flow through a value."""
    kind = type(value)
    if kind is Tensor:
        return True
    if kind is Obj:
        obj: Obj = value  # type: ignore[assignment]
        if obj.kind == "list":
            return any(flows(item) for item in obj.fields.get("$items", ()))
        if obj.kind == "dict":
            return any(flows(item) for item in obj.fields.get("$items", {}).values())
        return obj.kind in ("loader", "dataset") or (obj.kind == "opaque" and bool(obj.sources or obj.name))
    if kind is Union:
        return any(flows(option) for option in options(value))
    if kind is Tuple:
        return any(flows(item) for item in value.items)  # type: ignore[attr-defined]
    if kind is Iteration:
        return value.source is not None or (value.item is not None and flows(value.item))  # type: ignore[attr-defined]
    return False


def tensorial(value: Value) -> bool:
    """Whether a value is taken for a tensor in arithmetic."""
    kind = type(value)
    if kind is Tensor:
        return True
    if kind is Union:
        return any(tensorial(option) for option in options(value))
    return kind is Obj and value.kind == "opaque" and bool(value.sources)  # type: ignore[attr-defined]


def attached(run: Interpreter, inputs: tuple[Value, ...] | list[Value]) -> bool | None:
    """Whether the result of an operation on these inputs carries a graph here."""
    grad = run.flags["grad"]
    if grad is False:
        return False
    state: bool | None = False
    for value in inputs:
        one = carries(value)
        if one:
            return True if grad else None
        if one is None:
            state = None
    return state


def carries(value: Value) -> bool | None:
    """Whether a value holds a graph: True, False, or None for "cannot be told"."""
    kind = type(value)
    if kind is Tensor:
        return value.attached  # type: ignore[attr-defined, no-any-return]
    if kind in (Const, Ext, Func, Class, Module):
        return False
    if kind is Union or kind is Tuple:
        states = {carries(item) for item in (value.options if kind is Union else value.items)}  # type: ignore[attr-defined]
        return states.pop() if len(states) == 1 else (None if None in states or kind is Union else True)
    if kind is Obj and value.kind in ("list", "dict"):  # type: ignore[attr-defined]
        items = contents(value)  # type: ignore[arg-type]
        states = {carries(item) for item in items}
        return True if True in states else (None if None in states else False)
    if kind is Obj and value.kind == "opaque":  # type: ignore[attr-defined]
        return None
    return False


def contents(obj: Obj) -> list[Value]:
    """The known members of a list, dict or module container."""
    items = obj.fields.get("$items", ())
    return list(items.values()) if isinstance(items, dict) else list(items)


def new_list(items: list[Value], place: Place, more: bool = False) -> Obj:
    """A Python list; ``more`` if further members of unknown kind may be in it."""
    obj = Obj("list", "list", place)
    obj.fields["$items"] = tuple(items)
    obj.fields["$more"] = more
    return obj


def new_dict(entries: dict[Any, Value], place: Place, more: bool = False) -> Obj:
    """A Python dict."""
    obj = Obj("dict", "dict", place)
    obj.fields["$items"] = entries
    obj.fields["$more"] = more
    return obj


def known_items(value: Value) -> list[Value] | None:
    """The members of a sequence, if all are known."""
    if type(value) is Tuple:
        return list(value.items)
    if type(value) is Iteration:
        return value.items
    if type(value) is Obj:
        if value.kind == "list" and not value.fields.get("$more"):
            return list(value.fields["$items"])
        if value.kind == "module" and "$items" in value.fields and not value.fields.get("$more"):
            return contents(value)
    return None


def known_entries(value: Value) -> dict[str, Value] | None:
    """The entries of a dict with string keys, if all are known."""
    if type(value) is Union:
        several = [known_entries(option) for option in value.options]
        if any(one is None for one in several):
            return None
        names = dict.fromkeys(name for one in several for name in one or ())
        return {name: join([(one or {}).get(name, Const(...)) for one in several]) for name in names}
    if type(value) is Obj and value.kind == "dict" and not value.fields.get("$more"):
        items: dict[Any, Value] = value.fields["$items"]
        if all(isinstance(key, str) for key in items):
            return dict(items)
    return None


# attributes


def get_attribute(run: Interpreter, value: Value, name: str, node: Any) -> Value:
    """The value of ``value.name``."""
    kind = type(value)
    if kind is Obj:
        return _object_attribute(run, value, name, node)  # type: ignore[arg-type]
    if kind is Ext:
        return Ext(f"{value.dotted}.{name}")  # type: ignore[attr-defined]
    if kind is Module:
        return module_attribute(run, value, name)  # type: ignore[arg-type]
    if kind is Tensor:
        return _tensor_attribute(run, value, name, node)  # type: ignore[arg-type]
    if kind is Class:
        return _class_attribute(run, value, name)  # type: ignore[arg-type]
    if kind is Union:
        values = [get_attribute(run, option, name, node) for option in options(value) if not _is_none(option)]
        return join(values) if values else unknown(())  # type: ignore[no-any-return]
    if kind is Func and name == "__name__":
        return Const(value.name)  # type: ignore[attr-defined]
    if kind is Partial and name in ("func", "args", "keywords"):
        return value.func if name == "func" else unknown(())  # type: ignore[attr-defined, no-any-return]
    return Method(value, name)


def _is_none(value: Value) -> bool:
    return type(value) is Const and value.value is None


def module_attribute(run: Interpreter, module: Module, name: str) -> Value:
    """A global of a project module, or a submodule of a package."""
    value = module.names.get(name, MISSING)
    if name == "__dict__":
        return new_dict({k: v for k, v in module.names.items() if type(v) is not Lazy}, NOWHERE, True)
    if type(value) is Lazy:
        value = module.names[name] = run.project.resolve(run, value)
    if value is MISSING:
        return run.project.submodule(run, module, name)  # type: ignore[no-any-return]
    return value  # type: ignore[no-any-return]


def _object_attribute(run: Interpreter, obj: Obj, name: str, node: Any) -> Value:
    if obj.kind == "super":
        return get_attribute(run, obj.fields["$self"], name, node)
    value = obj.fields.get(name, MISSING)
    if value is not MISSING:
        return value  # type: ignore[no-any-return]
    if type(obj.cls) is Class:
        found = obj.cls.find(name)
        if type(found) is Func:
            if found.kind == "property":
                return calls.call_function(run, found, Args([obj]), node)
            return found if found.kind == "static" else Bound(found, obj.cls if found.kind == "class" else obj)
        if found is not None:
            return found  # type: ignore[no-any-return]
        if name == "__class__":
            return obj.cls
        if name == "__dict__":
            return new_dict({k: v for k, v in obj.fields.items() if not k.startswith("$")}, obj.at)
        getter = obj.cls.find("__getattr__")
        if type(getter) is Func and not name.startswith("__"):
            return calls.call_function(run, getter, Args([obj, Const(name)]), node)
    special = tensors.object_attribute(run, obj, name, node)
    if special is not None:
        return special
    if obj.kind in ("opaque", "instance", "module", "namespace"):
        child = Obj("opaque", name=name, at=obj.at, sources=(obj,) if flows(obj) else ())
        if type(obj.cls) is Class and not obj.cls.foreign() and hasattr(object, name):
            return Method(obj, name)
        obj.fields[name] = child  # reading does not change the program: not journalled
        return child
    return Method(obj, name)


def _class_attribute(run: Interpreter, cls: Class, name: str) -> Value:
    if name == "__name__":
        return Const(cls.name)
    found = cls.find(name)
    if type(found) is Func and found.kind == "class":
        return Bound(found, cls)
    if found is not None:
        return found  # type: ignore[no-any-return]
    foreign = cls.foreign()
    if foreign and type(foreign[0]) is Ext:
        return Method(cls, name)
    return unknown((), name)


def _tensor_attribute(run: Interpreter, tensor: Tensor, name: str, node: Any) -> Value:
    if name == "data":
        if tensor.op == "parameter":
            return tensor
        return Tensor("cut", (tensor,), run.place(node), False)
    if name == "grad":
        run.record.look()
        return Tensor("gradient", (tensor,), run.place(node), False)
    if name in ("T", "mT", "H", "mH", "real", "imag"):
        return Tensor("view", (tensor,), run.place(node), tensor.attached)
    if name in ("shape", "device", "dtype", "requires_grad", "ndim", "is_cuda", "grad_fn", "is_leaf", "names"):
        return tensors.metadata(run, tensor, name)
    if tensor.op in ("unknown", "module", "batch", "output"):
        return Tensor("batch" if tensor.op == "batch" else "unknown", (tensor,), run.place(node), tensor.attached, extra=name)
    return Method(tensor, name)


def set_attribute(run: Interpreter, value: Value, name: str, new: Value, node: Any) -> None:
    """Carry out ``value.name = new``."""
    for option in options(value):
        kind = type(option)
        if kind is Obj:
            if networks.set_attribute(run, option, name, new, node):  # type: ignore[arg-type]
                continue
            if name == "grad" and option.kind == "opaque" and _is_none(new):  # type: ignore[attr-defined]
                run.record.clear(None, node)
            cell = option.fields  # type: ignore[attr-defined]
        elif kind is Class or kind is Module:
            cell = option.names  # type: ignore[attr-defined]
        elif kind is Tensor:
            run.record.tensor_attribute(option, name, new, node)  # type: ignore[arg-type]
            continue
        else:
            continue
        run.write(cell, name, new if kind is type(value) else join([cell.get(name, MISSING), new]))


# items


def get_item(run: Interpreter, value: Value, index: Value, node: Any) -> Value:
    """The value of ``value[index]``."""
    kind = type(value)
    if kind is Tensor:
        if type(index) is Const and isinstance(index.value, str):
            return Tensor("batch" if value.op == "batch" else "unknown", (value,), run.place(node), value.attached, extra=index.value)  # type: ignore[attr-defined]
        return tensors.item(run, value, index, node)  # type: ignore[arg-type]
    if kind is Union:
        return join([get_item(run, option, index, node) for option in options(value)])  # type: ignore[no-any-return]
    if type(index) is Union:
        return join([get_item(run, value, option, node) for option in options(index)])  # type: ignore[no-any-return]
    items = known_items(value)
    if kind is Obj and type(index) is Tensor and value.kind == "opaque":  # type: ignore[attr-defined]
        return unknown((value, index))
    if items is not None and type(index) is Const and isinstance(index.value, int):
        chosen = items[index.value] if -len(items) <= index.value < len(items) else unknown(tuple(items))
        return _taken(value, chosen) if kind is Obj else chosen  # type: ignore[arg-type]
    if kind is Obj:
        return _object_item(run, value, index, node)  # type: ignore[arg-type]
    if items:
        return join(items)  # type: ignore[no-any-return]
    if kind is Ext and value.dotted.endswith(".__dict__"):  # type: ignore[attr-defined]
        key = index.value if type(index) is Const and isinstance(index.value, str) else "any"
        return Ext(f"{value.dotted[:-9]}.{key}")  # type: ignore[attr-defined]
    if kind is Class or kind is Ext:
        return value  # a generic alias: List[int], nn.Module[...]
    return unknown((value,))


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
            return calls.call_function(run, getter, Args([obj, index]), node)
    if type(index) is Const and isinstance(index.value, (str, int)):
        return _object_attribute(run, obj, f"[{index.value}]", node) if obj.kind == "opaque" else unknown((obj,))
    return unknown((obj,))


def get_slice(run: Interpreter, value: Value, node: Any, at: Any) -> Value:
    """The value of ``value[a:b:c]``."""
    bounds = [run.evaluate(part) if part is not None else Const(None) for part in (node.lower, node.upper, node.step)]
    if type(value) is Tensor:
        return run.operation(Tensor("view", (value,), run.place(at), value.attached))
    items = known_items(value)
    if items is not None and all(type(b) is Const and (b.value is None or type(b.value) is int) for b in bounds):
        kept = items[slice(*[b.value for b in bounds])]  # type: ignore[attr-defined]
        return Tuple(tuple(kept)) if type(value) is Tuple else new_list(kept, run.place(at))
    if type(value) is Const and isinstance(value.value, str):
        return Const(...)
    if type(value) is Obj and value.kind == "list":
        return new_list(contents(value), run.place(at), True)
    return value if type(value) is Iteration else unknown((value,))


def set_item(run: Interpreter, value: Value, index: Value, new: Value) -> None:
    """Carry out ``value[index] = new``."""
    for obj in options(value):
        if type(obj) is not Obj:
            continue
        items = obj.fields.get("$items")
        key = index.value if type(index) is Const else ...
        if isinstance(items, dict):
            if key is ... or not isinstance(key, (str, int, float, bool, tuple)):
                key = ("$", len(items))
                run.write(obj.fields, "$more", True)
            run.write(obj.fields, "$items", {**items, key: new})
            networks.joined(run, obj, new)
        elif isinstance(items, tuple) and type(key) is int and -len(items) <= key < len(items):
            changed = list(items)
            changed[key] = new
            run.write(obj.fields, "$items", tuple(changed))
            networks.joined(run, obj, new)
        elif isinstance(items, tuple):
            run.write(obj.fields, "$items", (*items[: 4 * _SHORT], new))
            run.write(obj.fields, "$more", True)
        elif obj.kind == "opaque" and key is not ...:
            run.write(obj.fields, f"[{key}]", new)


def unpack(run: Interpreter, value: Value, target: Any) -> list[Value]:
    """The values that the parts of a target pattern receive."""
    parts = target.items
    items = known_items(value)
    star = next((i for i, part in enumerate(parts) if type(part) is ir.Starred), None)
    if items is not None and star is None and len(items) == len(parts):
        return items
    if items is not None and star is not None and len(items) >= len(parts) - 1:
        after = len(parts) - star - 1
        middle = new_list(items[star : len(items) - after], run.place(target))
        return [*items[:star], middle, *items[len(items) - after :]]
    if type(value) is Union:
        rows = [unpack(run, option, target) for option in value.options if not _is_none(option)]
        return [join(list(column)) for column in zip(*rows, strict=True)] if rows else [unknown(()) for _ in parts]
    names = [part.id if type(part) is ir.Name else "" for part in parts]
    if type(value) is Tensor:
        return [tensors.part(run, value, index, names[index], target) for index in range(len(parts))]
    if not flows(value):
        return [Const(...) for _ in parts]
    return [Obj("opaque", name=name, sources=(value,)) for name in names]


# iteration


def iterate(run: Interpreter, value: Value, node: Any) -> Value:
    """What a loop over a value sees: always an Iteration."""
    kind = type(value)
    if kind is Iteration:
        return value
    if kind is Union:
        several = [iterate(run, option, node) for option in options(value) if not _is_none(option)]
        if len(several) == 1:
            return several[0]
        sources = [one.source for one in several if type(one) is Iteration and one.source is not None]
        return Iteration(None, join([element(run, one, node) for one in several]) if several else None, join(sources) if sources else None)
    items = known_items(value)
    if items:
        if kind is Obj and value.kind == "list":  # type: ignore[attr-defined]
            items = [_taken(value, item) for item in items]  # type: ignore[arg-type]
        result = Iteration(items, None, None)
        if kind is Obj and value.kind == "module":  # type: ignore[attr-defined]
            result.wrapped = "modules"
        return result
    if kind is Obj:
        return _iterate_object(run, value, node)  # type: ignore[arg-type]
    if kind is Tensor:
        op = "batch" if value.op == "batch" else "view" if value.op != "unknown" else "unknown"  # type: ignore[attr-defined]
        return Iteration(None, Tensor(op, (value,), run.place(node), value.attached), None)  # type: ignore[attr-defined]
    return Iteration(None, unknown((value,)), value)


def _iterate_object(run: Interpreter, obj: Obj, node: Any) -> Iteration:
    if obj.kind == "loader":
        return Iteration(None, Tensor("batch", (obj,), run.place(node), False), obj)
    if obj.kind == "dict":
        keys = [key for key in obj.fields["$items"] if not isinstance(key, tuple)]
        if keys and not obj.fields.get("$more"):
            return Iteration([Const(key) for key in keys], None, obj)
        return Iteration(None, unknown((obj,)), obj)
    if obj.kind == "list":
        members = [_taken(obj, item) for item in obj.fields["$items"]]
        return Iteration(None, join(members) if members else unknown(()), obj)
    if obj.kind == "parameters":
        return parameters.iterate(run, obj, node)
    if type(obj.cls) is Class:
        maker = obj.cls.find("__iter__")
        if type(maker) is Func:
            made = calls.call_function(run, maker, Args([obj]), node)
            if type(made) is Iteration:
                return made
            following = obj.cls.find("__next__")
            if made is obj and type(following) is Func:
                return Iteration(None, calls.call_function(run, following, Args([obj]), node), obj)
            if type(made) is Obj and made is not obj:
                return iterate(run, made, node)  # type: ignore[return-value]
    if obj.kind == "module" and "$items" in obj.fields:
        return Iteration(None, join(contents(obj)) if contents(obj) else unknown(()), None)
    item = Obj("opaque", name="item of " + obj.name, sources=(obj,))
    return Iteration(None, item, obj)


def _taken(obj: Obj, item: Value) -> Value:
    """A member read back from a list that keeps tensors: the list is remembered, should a loss depend on it."""
    if type(item) is Tensor and obj.fields.get("$kept"):
        return Tensor("view", (item,), item.at, item.attached, extra=obj)
    return item


def element(run: Interpreter, iterable: Value | None, node: Any) -> Value:
    """One abstract member of an iterable."""
    if type(iterable) is Iteration:
        if iterable.item is not None:
            return iterable.item
        if iterable.items:
            return join(iterable.items)  # type: ignore[no-any-return]
    return unknown((iterable,) if iterable is not None else ())


def comprehend(run: Interpreter, node: Any) -> Value:
    """The result of a comprehension: member by member where the source is short and known."""
    values: list[Value] = []
    keys: list[Value] = []
    source: Value | None = None
    more = False

    def clause(index: int) -> None:
        nonlocal more, source
        if index == len(node.generators):
            if node.key is not None:
                keys.append(run.evaluate(node.key))
            values.append(run.evaluate(node.value))
            return
        target, iterable_node, tests = node.generators[index]
        iterable = iterate(run, run.evaluate(iterable_node), node)
        if type(iterable) is Iteration and iterable.source is not None and source is None:
            source = iterable.source
        items = iterable.items if type(iterable) is Iteration else None
        if items is None:
            more = True
            items = [element(run, iterable, node)]
        elif len(items) > _SHORT and iterable.wrapped != "modules":  # type: ignore[attr-defined]
            more = True
            items = items[:_SHORT]
        for item in items[:64]:
            run.fuel -= 1
            run.assign(target, item)
            keep: bool | None = True
            for test in tests:
                known = run.truth(run.evaluate(test))[0]
                keep = False if known is False else None if known is None and keep else keep
                if keep is False:
                    break
            if keep is None:
                more = True
            if keep is not False:
                clause(index + 1)

    clause(0)
    place = run.place(node)
    if node.key is not None:
        entries = {k.value: v for k, v in zip(keys, values, strict=True) if type(k) is Const and k.value is not ... and isinstance(k.value, (str, int, float, bool, tuple))}
        return new_dict(entries, place, more or len(entries) < len(values))
    if node.kind == "generator":
        return Iteration(None if more else values, join(values) if values and more else None, source)
    return networks.collected(run, values, place, more)


def concatenate(op: str, left: Value, right: Value, place: Place) -> Value | None:
    """The sum or multiple of sequences; None if the operands are not sequences."""
    if op == "+":
        if type(left) is Tuple and type(right) is Tuple:
            return Tuple(left.items + right.items)
        if type(left) is Obj and type(right) is Obj:
            if left.kind == "parameters" or right.kind == "parameters":
                return parameters.add(left, right, place)
            if left.kind == "list" and right.kind == "list":
                more = left.fields["$more"] or right.fields["$more"]
                return new_list([*left.fields["$items"], *right.fields["$items"]], place, more)
            if "list" in (left.kind, right.kind):
                return new_list([*contents(left), *contents(right)], place, True)
    if op == "*" and type(right) is Const and type(right.value) is int:
        items = known_items(left)
        if items is not None and 0 <= right.value * len(items) <= 64 and type(left) is not Iteration:
            many = items * right.value
            return Tuple(tuple(many)) if type(left) is Tuple else new_list(many, place)
        if items is not None:
            return new_list(items, place, True)
    return None


def augment(run: Interpreter, node: Any, old: Value, new: Value) -> Value:
    """The value of ``old op= new``; lists grow in place."""
    if type(old) is Obj and old.kind == "list" and node.op == "+":
        items = known_items(new)
        if items is None and type(new) is Obj and new.kind in ("parameters", "opaque"):
            items = [new]
        run.write(old.fields, "$items", (*old.fields["$items"], *(items or ()))[:64])
        if known_items(new) is None:
            run.write(old.fields, "$more", True)
        for item in items or ():
            run.record.keep(node, node.target, old, item, "+=")
        return old
    if type(old) is Obj and old.kind == "module" and node.op == "+" and isinstance(old.fields.get("$items"), tuple):
        more = known_items(new) or []
        run.write(old.fields, "$items", (*old.fields["$items"], *more)[:64])
        for item in more:
            networks.joined(run, old, item)
        return old
    if type(old) is Tensor and node.op in "+-":
        tensors.update(run, old, new, node)  # p -= lr * p.grad
    result = calls.arithmetic(run, node.op, old, new, node)
    if node.op in ("+", "-"):
        run.record.keep(node, node.target, old, new, "+=", result)
    return result


def is_none(value: Value, positive: bool) -> Value:
    """The outcome of ``value is None``."""
    states = set()
    for option in options(value):
        if type(option) is Const:
            states.add(None if option.value is ... else option.value is None)
        elif type(option) is Obj and option.kind == "opaque":
            states.add(None)
        elif type(option) is Tensor and option.op in ("unknown", "gradient", "batch", "module"):
            states.add(None)
        else:
            states.add(False)
    state = states.pop() if len(states) == 1 else None
    soft = type(value) is Const and value.soft
    return Const(... if state is None else state is positive, soft)


def contains(left: Value, right: Value, positive: bool) -> Value:
    """The outcome of ``left in right``."""
    if type(left) is not Const or left.value is ... or (left.value is None and left.soft):
        return Const(...)
    if type(right) is Const and isinstance(right.value, (str, tuple)) and isinstance(left.value, (str, int)):
        try:
            return Const((left.value in right.value) is positive, left.soft or right.soft)
        except TypeError:
            return Const(...)
    items = known_items(right)
    if items is None and type(right) is Obj and right.kind == "dict" and not right.fields.get("$more"):
        items = [Const(key) for key in right.fields["$items"]]
    if items is None or any(type(item) is not Const or item.value is ... for item in items):
        return Const(...)
    soft = left.soft or any(item.soft for item in items)  # type: ignore[attr-defined]
    return Const(any(same(Const(left.value), Const(item.value)) for item in items) is positive, soft)  # type: ignore[attr-defined]


def enter(run: Interpreter, value: Value, item: Any) -> tuple[Value, Callable[[], None] | None]:
    """Enter a context manager: the value of its ``as`` target, and how to leave it."""
    for option in options(value):
        if type(option) is Obj and option.kind == "context" and "$grad" in option.fields:
            before = run.flags["grad"]
            run.write(run.flags, "grad", option.fields["$grad"])
            return option, lambda: run.write(run.flags, "grad", before)
        if type(option) is Ext and option.dotted.endswith((".no_grad", ".inference_mode")):
            before = run.flags["grad"]
            run.write(run.flags, "grad", False)
            return option, lambda: run.write(run.flags, "grad", before)
        if type(option) is Obj and type(option.cls) is Class:
            entering, leaving = option.cls.find("__enter__"), option.cls.find("__exit__")
            made: Value = option
            if type(entering) is Func:
                made = calls.call_function(run, entering, Args([option]), item)
            if type(leaving) is Func:
                nones: list[Value] = [option, Const(None), Const(None), Const(None)]
                return made, lambda: _discard(calls.call_function(run, leaving, Args(nones), item))
            return made, None
        if type(option) is Iteration and option.item is not None:
            return option.item, None  # a @contextmanager function
    return value, None


def _discard(value: Value) -> None:
    return None


__all__ = ["NOWHERE", "Partial"]
