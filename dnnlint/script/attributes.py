"""What attributes of abstract values are, and what setting one does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import draws, flow, inlining, lengths, objects, parameters, reproducibility, tensors
from dnnlint.script.code import Args, Bound, Class, Func, Lazy, Method, Module, Partial
from dnnlint.script.events import axes, clearing, freezing, gradients
from dnnlint.script.lattice import MISSING, join
from dnnlint.script.networks import building
from dnnlint.script.values import NOWHERE, Const, Ext, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


_BATCHES = frozenset({"estimated_stepping_batches", "num_training_batches"})  # of Lightning's trainer
_MODULE_METHODS = frozenset(
    {"train", "eval", "zero_grad", "parameters", "named_parameters", "forward", "apply", "to", "cuda"}
)


def get_attribute(run: Interpreter, value: Value, name: str, node: Any) -> Value:
    """The value of ``value.name``."""
    kind = type(value)
    if kind is Obj:
        return object_attribute(run, value, name, node)  # type: ignore[arg-type]
    if kind is Ext:
        if name == "__name__":
            return Const(value.dotted.rpartition(".")[2])  # type: ignore[attr-defined]
        return Ext(f"{value.dotted}.{name}")  # type: ignore[attr-defined]
    if kind is Module:
        return module_attribute(run, value, name)  # type: ignore[arg-type]
    if kind is Tensor:
        return _tensor_attribute(run, value, name, node)  # type: ignore[arg-type]
    if kind is Class:
        return _class_attribute(run, value, name)  # type: ignore[arg-type]
    if kind is Union:
        values = [get_attribute(run, option, name, node) for option in options(value) if not certainly_none(option)]
        return join(values) if values else flow.unknown(())
    if kind is Tuple and len(value.items) == 2 and name in ("values", "indices"):  # type: ignore[attr-defined]
        return value.items[name == "indices"]  # type: ignore[attr-defined, no-any-return]
    if kind is Func and name == "__name__":
        return Const(value.name)  # type: ignore[attr-defined]
    if kind is Partial and name in ("func", "args", "keywords"):
        return value.func if name == "func" else flow.unknown(())  # type: ignore[attr-defined]
    return Method(value, name)


def module_attribute(run: Interpreter, module: Module, name: str) -> Value:
    """A global of a project module, or a submodule of a package."""
    value = module.names.get(name, MISSING)
    if name == "__dict__":
        return objects.new_dict({k: v for k, v in module.names.items() if type(v) is not Lazy}, NOWHERE, True)
    if type(value) is Lazy:
        value = module.names[name] = run.project.resolve(run, value)
    if value is MISSING:
        return run.project.submodule(run, module, name)  # type: ignore[no-any-return]
    return value  # type: ignore[no-any-return]


def object_attribute(run: Interpreter, obj: Obj, name: str, node: Any) -> Value:
    """The value of a field, a member of the class, or something unknown of that name."""
    if obj.kind == "super":
        return get_attribute(run, obj.fields["$self"], name, node)
    value = obj.fields.get(name, MISSING)
    if value is not MISSING:
        return value  # type: ignore[no-any-return]
    if type(obj.cls) is Class:
        found = obj.cls.find(name)
        if type(found) is Func:
            if found.kind == "property":
                return inlining.call_function(run, found, Args([obj]), node)
            return found if found.kind == "static" else Bound(found, obj.cls if found.kind == "class" else obj)
        if found is not None:
            return found  # type: ignore[no-any-return]
        if name == "__class__":
            return obj.cls
        if name == "__dict__":
            return objects.new_dict({k: v for k, v in obj.fields.items() if not k.startswith("$")}, obj.at)
        getter = obj.cls.find("__getattr__")
        if type(getter) is Func and not name.startswith("__"):
            return inlining.call_function(run, getter, Args([obj, Const(name)]), node)
    special = tensors.object_attribute(run, obj, name, node)
    if special is not None:
        return special
    if obj.kind == "module" and name in (*_MODULE_METHODS, "_modules"):
        return (building.children_by_name(obj) if name == "_modules" else None) or Method(obj, name)
    if obj.kind in ("opaque", "instance", "module", "namespace"):
        if type(obj.cls) is Class and not obj.cls.foreign() and hasattr(object, name):
            return Method(obj, name)
        obj.fields[name] = child = _part(obj, name)  # reading does not change the program: not journalled
        return child
    return Method(obj, name)


def _part(obj: Obj, name: str) -> Obj:
    """Something unknown that an object holds; of a part of a network it is known whose part it is."""
    child = Obj("opaque", name=name, at=obj.at, sources=(obj,) if flow.flows(obj) else ())
    if name in _BATCHES:
        child.fields["$counts"] = name
    whole = obj if obj.kind == "module" else obj.fields.get("$part of")
    if whole is not None:
        child.fields["$part of"] = whole
    return child


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
    return flow.unknown((), name)


def _tensor_attribute(run: Interpreter, tensor: Tensor, name: str, node: Any) -> Value:
    if name == "data":
        if tensor.op == "parameter":
            return tensor
        return Tensor("cut", (tensor,), run.place(node), False, extra=axes.KEPT, name=name)
    if name == "grad":
        gradients.look(run)
        return Tensor("gradient", (tensor,), run.place(node), False)
    if name in ("T", "mT", "H", "mH", "real", "imag", "values"):
        return Tensor("view", (tensor,), run.place(node), tensor.attached, name=name)
    if name in ("shape", "device", "dtype", "requires_grad", "ndim", "is_cuda", "grad_fn", "is_leaf", "names"):
        return lengths.asked(run, tensors.metadata(run, tensor, name), tensor, name)
    if tensor.op in ("unknown", "module", "batch", "output"):
        return Tensor(
            "batch" if tensor.op == "batch" else "unknown", (tensor,), run.place(node), tensor.attached, extra=name
        )
    return Method(tensor, name)


def set_attribute(run: Interpreter, value: Value, name: str, new: Value, node: Any) -> None:
    """Carry out ``value.name = new``."""
    for option in options(value):
        kind = type(option)
        if name[:3] == "req":
            freezing.assigned(run, option, name, new, node)
        if kind is Obj:
            if building.set_attribute(run, option, name, new, node):  # type: ignore[arg-type]
                continue
            if name == "requires_grad" and option.kind == "opaque":  # type: ignore[attr-defined]
                run.record.frozen = True
            if type(new) is Obj and new.kind == "optimizer" and option.kind in ("opaque", "engine", "owner"):  # type: ignore[attr-defined]
                new.fields["$escaped"] = True
            if name == "grad" and option.kind == "opaque":  # type: ignore[attr-defined]
                clearing.replaced(run, option, new, node)
            cell = option.fields  # type: ignore[attr-defined]
        elif kind is Class or kind is Module:
            cell = option.names  # type: ignore[attr-defined]
        elif kind is Tensor:
            _set_tensor_attribute(run, option, name, new, node)  # type: ignore[arg-type]
            continue
        elif kind is Ext:
            reproducibility.assigned(run, f"{option.dotted}.{name}", new, node)  # type: ignore[attr-defined]
            continue
        else:
            continue
        run.write(cell, name, new if kind is type(value) else join([cell.get(name, MISSING), new]))


def certainly_none(value: Value) -> bool:
    """Whether a value is certainly None."""
    return type(value) is Const and value.value is None


def _set_tensor_attribute(run: Interpreter, tensor: Tensor, name: str, value: Value, node: Any) -> None:
    """``tensor.name = value``: gradients cleared by hand, weights frozen or replaced."""
    if name == "grad":
        clearing.replaced(run, tensor, value, node)
    elif name == "data" and tensor.op == "gradient":
        clearing.replaced(run, tensor.inputs[0], value, node)
    elif name == "requires_grad" and tensor.op == "parameter" and not (type(value) is Const and value.value is True):
        owner = parameters.owner_of(tensor)
        if type(owner) is Obj:
            run.write(owner.fields, "$frozen", True)
    elif name == "requires_grad" and tensor.op in ("batch", "view", "cut", "unknown"):
        run.record.wanted.add(id(tensor))
        run.record.alive.append(tensor)
    elif name == "requires_grad" and tensor.op == "fresh" and type(value) is Const and value.value is True:
        tensors.learn(tensor)
    elif name == "data" and tensor.op == "parameter":
        draws.assign(run, tensor, value, node)
