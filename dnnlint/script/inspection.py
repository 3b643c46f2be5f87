"""Python's questions about objects: getattr, isinstance and kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import attributes, flow, objects
from dnnlint.script.code import Args, Class, Handler
from dnnlint.script.events import escapes
from dnnlint.script.lattice import join
from dnnlint.script.tables import aliases
from dnnlint.script.values import Const, Ext, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_PYTHON_TYPES = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict}


def _getattr(run: Interpreter, args: Args, node: Any) -> Value:
    obj, name = args.get(0, "object"), args.get(1, "name")
    if obj is not None and type(name) is Union:
        rest = args.positional[2:]
        return join([_getattr(run, Args([obj, option, *rest]), node) for option in name.options])  # type: ignore[no-any-return]
    if obj is None or type(name) is not Const or not isinstance(name.value, str):
        escapes.havoc(run, [obj] if obj is not None else [])
        return flow.unknown([value for value in (obj,) if value is not None])
    fallback = args.get(2, "default")
    if fallback is not None and type(obj) is Obj and obj.kind in ("namespace", "instance", "module"):
        found = obj.fields.get(name.value)
        if found is None and not (type(obj.cls) is Class and obj.cls.find(name.value) is not None):
            closed = obj.kind == "namespace" or (type(obj.cls) is Class and not obj.cls.foreign())
            if closed:
                return fallback
            return join([fallback, attributes.get_attribute(run, obj, name.value, node)])  # type: ignore[no-any-return]
    return attributes.get_attribute(run, obj, name.value, node)


def _setattr(run: Interpreter, args: Args, node: Any) -> Value:
    obj, name, value = (args.get(0, "obj"), args.get(1, "name"), args.get(2, "value"))
    if obj is not None and value is not None:
        if type(name) is Const and isinstance(name.value, str):
            attributes.set_attribute(run, obj, name.value, value, node)
        elif type(obj) is Obj:
            attributes.set_attribute(run, obj, f"dynamic {len(obj.fields)}", value, node)
    return Const(None)


def _hasattr(run: Interpreter, args: Args, node: Any) -> Value:
    obj, name = args.get(0, "obj"), args.get(1, "name")
    if type(name) is not Const or not isinstance(name.value, str) or type(obj) is not Obj:
        return Const(...)
    if name.value in obj.fields and not (
        type(obj.fields[name.value]) is Obj and obj.fields[name.value].kind == "opaque"
    ):
        return Const(True)
    if type(obj.cls) is Class and obj.cls.find(name.value) is not None:
        return Const(True)
    spec = obj.fields.get("$spec")
    if spec is not None and name.value in ("weight", "bias"):
        return Const(bool(spec.parametric))
    if (
        obj.kind == "module"
        and type(obj.cls) is Class
        and not obj.fields.get("$open")
        and name.value in ("weight", "bias")
    ):
        return Const(False)
    return Const(...)


def _isinstance(run: Interpreter, args: Args, node: Any) -> Value:
    obj, cls = args.get(0, "obj"), args.get(1, "cls")
    if obj is None or cls is None or type(obj) is Union:
        return Const(...)
    kinds = [item for option in options(cls) for item in (objects.known_items(option) or [option])]
    states = {_instance_of(obj, kind) for kind in kinds}
    return Const(True if True in states else ... if None in states else False)


def _instance_of(obj: Value, cls: Value) -> bool | None:
    name = aliases.canonical(cls.dotted) if type(cls) is Ext else ""
    if type(obj) is Const and obj.value is not ... and name in _PYTHON_TYPES:
        return isinstance(obj.value, _PYTHON_TYPES[name])
    if type(obj) is Tuple or (type(obj) is Obj and obj.kind in ("list", "dict")):
        kind = obj.kind if type(obj) is Obj else "tuple"
        return kind == name if name in _PYTHON_TYPES else None if not name else False
    if type(obj) is Tensor:
        if obj.op in ("unknown", "module", "batch", "output", "input"):
            return None
        return name in ("torch.Tensor", "torch.nn.Parameter", "torch.FloatTensor")
    if type(obj) is not Obj or obj.kind == "opaque":
        return None
    if type(obj.cls) is Class:
        return _instance_of_project(obj, obj.cls, cls, name)
    if isinstance(obj.cls, str) and name:
        return _instance_of_library(obj, obj.cls, name)
    return None


def _instance_of_project(obj: Obj, own: Class, cls: Value, name: str) -> bool | None:
    if type(cls) is Class:
        return cls in own.mro() or (None if obj.fields.get("$open") else False)
    if any(type(base) is Ext and aliases.canonical(base.dotted) == name for base in own.foreign()):
        return True
    if obj.kind == "module" and name == "torch.nn.Module":
        return True
    return None if obj.fields.get("$open") else False


def _instance_of_library(obj: Obj, own: str, name: str) -> bool | None:
    if own == name:
        return True
    if name == "torch.nn.Module":
        return obj.kind in ("module", "loss")
    short, wanted = own.rpartition(".")[2], name.rpartition(".")[2]
    if obj.kind == "scheduler" and name.startswith("torch.optim.lr_scheduler."):
        return short == wanted or wanted in ("LRScheduler", "_LRScheduler")
    if wanted in ("_BatchNorm", "_NormBase"):
        return "BatchNorm" in short or (wanted == "_NormBase" and "InstanceNorm" in short)
    if wanted == "_ConvNd":
        return "Conv" in short
    if wanted in ("DataParallel", "DistributedDataParallel"):
        return None
    return False if obj.kind == "module" and "$spec" in obj.fields else None


def _type(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "object")
    if type(first) is Obj:
        if type(first.cls) is Class:
            return first.cls
        if isinstance(first.cls, str) and "." in first.cls:
            return Ext(first.cls)
    return flow.unknown(())


def _vars(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "object")
    if type(first) is Obj:
        entries = {k: v for k, v in first.fields.items() if k[:1] != "$" and isinstance(v, Value)}
        return objects.new_dict(entries, run.place(node), first.kind == "opaque")
    return flow.unknown(())


HANDLERS: dict[str, Handler] = {
    "getattr": _getattr, "setattr": _setattr, "hasattr": _hasattr, "isinstance": _isinstance, "type": _type,
    "vars": _vars,
}  # fmt: skip
