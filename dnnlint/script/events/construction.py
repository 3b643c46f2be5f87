"""Networks under construction: constructors that leave out their base, and layers built where data flows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import FreshDropout, FreshLayer, MissingInit, ShapeMismatch
from dnnlint.script import ir, layer_shapes, spelling
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.events import guards
from dnnlint.script.networks import tree
from dnnlint.script.tables import aliases, frameworks, functions, layers
from dnnlint.script.tables.layers import LayerSpec
from dnnlint.script.values import NEVER, Const, Ext, Obj, Tensor, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MODULES = frozenset({"torch.nn.Module", "torch.jit.ScriptModule"})
_OWNERS = (".LightningModule", ".PreTrainedModel")
_AFFINE = ("affine", "elementwise_affine")  # without it, a normalisation holds no parameters
_DELIBERATE = re.compile(r"mc_?(?:drop|mod|net)|bayes|always|monte_?carlo|uncertain", re.IGNORECASE)


# constructors


def base_initialised(obj: Value | None, place: Place | None) -> None:
    """The constructor of ``nn.Module`` ran on an object on some path; where, if that is known."""
    if type(obj) is Obj and "$super" not in obj.fields:
        obj.fields["$super"] = place


def unbound(obj: Value, place: Place) -> None:
    """``super(Net)`` was called without an object, and whatever is called of that does not reach it."""
    if type(obj) is Obj:
        obj.fields.setdefault("$unbound", place)


def assigned(run: Interpreter, obj: Obj, value: Value, node: Any) -> None:
    """An attribute was set in a constructor: ``nn.Module`` refuses layers before its own constructor ran."""
    if "$super" not in obj.fields and "$early" not in obj.fields and "$to" not in obj.fields and _registrable(value):
        obj.fields["$early"] = run.place(node)


def _registrable(value: Value) -> bool:
    kinds = [option for option in options(value) if tree.is_module(option) or _is_parameter(option)]
    return bool(kinds) and len(kinds) == len(options(value))


def _is_parameter(value: Value) -> bool:
    return type(value) is Tensor and value.op == "parameter"


def finished(run: Interpreter, obj: Obj, result: Value | None) -> None:
    """The constructor of a project class ran: did it run the one of ``nn.Module``, and in time?"""
    if result is None or result is NEVER or obj.kind != "module" or not _known_module(obj.cls):
        return
    early = obj.fields.get("$early")
    if "$super" not in obj.fields:
        culprit = _culprit(obj.cls)
        place = Place(culprit.module.path, culprit.node.at) if culprit is not None else obj.fields.get("$unbound")
        if place is not None:
            run.record.state(MissingInit(place, obj.cls.name, False))
    elif early is not None and obj.fields["$super"] is not None:
        run.record.state(MissingInit(obj.fields["$super"], obj.cls.name, True, early))


def _known_module(cls: Class) -> bool:
    """Whether a class is certainly an ``nn.Module`` whose bases are all known."""
    known = False
    for base in cls.foreign():
        if type(base) is not Ext:
            return False
        name = aliases.canonical(base.dotted)
        layer = name.startswith("torch.nn.") and name[9:] in layers.LAYERS
        if name in _MODULES or layer or name in frameworks.LIGHTNING_MODULES or name.endswith(_OWNERS):
            known = True
        elif name not in ("object", "abc.ABC", "ABC") and not name.endswith(".Generic"):
            return False
    plain = all(type(one) is Class and not one.node.decorators and not one.node.keywords for one in _own(cls))
    return known and plain


def _own(cls: Class) -> list[Class]:
    return [one for one in cls.mro() if type(one) is Class]


def _culprit(cls: Class) -> Func | None:
    """The constructor that calls no other one, or that calls one by no name that leads anywhere."""
    found = [one.names.get("__init__") for one in _own(cls)]
    inits = [init for init in found if type(init) is Func and type(init.node) is ir.FunctionDef]
    for name in ("__init__", "super"):
        for init in inits:
            if name not in init.traits:
                return init
    return None


# layers in the data flow


def layer_built(run: Interpreter, obj: Obj, spec: LayerSpec, node: Any) -> None:
    """A layer of a library was built, somewhere."""
    clash = layer_shapes.built_for(obj)
    if clash is not None:
        what, divisor, number = clash
        run.record.state(ShapeMismatch(obj.at, _title(obj), what, divisor, number, divides=True))
    if run.forwards and not run.building and (spec.parametric or spec.kind == "dropout"):
        built(run, obj, node)


def built(run: Interpreter, obj: Obj, node: Any) -> None:
    """A layer was built while data flows through a network."""
    if type(node) is not ir.Call:
        return
    spec = obj.fields.get("$spec")
    if spec is not None and any(_off(obj.fields["$args"].get(name)) for name in _AFFINE):
        return
    tests = guards.tests(run, node)
    frame = next((frame for frame in run.frames if frame.name == "forward"), None)
    if frame is None:
        return
    if spec is not None and spec.kind == "dropout":
        if not guards.by_mode(tests) and not _deliberate(run):
            run.record.state(FreshDropout(run.place(node), "built", _title(obj)))
    elif not tests or not _kept(run, node):
        owner = frame.function.owner if frame.function is not None else None
        run.record.built.append((obj, FreshLayer(run.place(node), _title(obj), owner.name if owner else "")))


def _off(value: Value | None) -> bool:
    return type(value) is Const and value.value is False


def _title(obj: Obj) -> str:
    return obj.cls.name if type(obj.cls) is Class else str(obj.cls).rpartition(".")[2]


def _kept(run: Interpreter, node: Any) -> bool:
    """Whether what is built under a test is kept as an attribute, so that it is built once."""
    body = run.frame.function.node.body if run.frame.function is not None else []
    for part in guards.walk(body):
        if type(part) is ir.Assign and any(type(target) in (ir.Attr, ir.Subscript) for target in part.targets):
            if any(inner is node for inner in guards.walk(part.value)):
                return True
        elif type(part) in (ir.Return, ir.Call) and part is not node:
            inside = part.value if type(part) is ir.Return else part.args
            if any(inner is node for inner in guards.walk(inside)) and run.frame.name != "forward":
                return True
    return False


def _deliberate(run: Interpreter) -> bool:
    """Whether names say that dropout is meant to stay on."""
    owners = [frame.function.owner for frame in run.frames if frame.function is not None]
    titles = [*[frame.name for frame in run.frames], *[owner.name for owner in owners if owner is not None]]
    return any(map(_DELIBERATE.search, titles))


def functional_dropout(run: Interpreter, name: str, kind: str, args: Args, node: Any) -> None:
    """``F.dropout(x, p)`` inside a network, which no mode switches off."""
    if kind == "attention":
        attention_dropout(run, name, args, node)
        return
    if not run.forwards or not functions.TRAINING_ARGUMENT.get(name, (0, "", False))[2]:
        return
    if args.open or args.get(2, "training") is not None or type(node) is not ir.Call or not node.args:
        return
    rate = args.get(1, "p")
    if type(rate) is Const and rate.value is not ... and not rate.value and not rate.soft:
        return
    spelled = [*node.args[1:], *[value for _, value in node.keywords]]
    if guards.by_mode([*guards.tests(run, node), *spelled]) or _deliberate(run):
        return
    run.record.state(FreshDropout(run.place(node), "function", name.rpartition(".")[2]))


def attention_dropout(run: Interpreter, name: str, args: Args, node: Any) -> None:
    """``F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout)``, which drops whenever the rate is not 0."""
    if not run.forwards or type(node) is not ir.Call:
        return
    given = [value for key, value in node.keywords if key == "dropout_p"] or node.args[4:5]
    rate = args.get(4, "dropout_p")
    if not given or args.open or (type(rate) is Const and rate.value is not ... and not rate.value and not rate.soft):
        return
    written = type(given[0]) is ir.Const or (type(given[0]) is ir.Attr and "drop" in spelling.spell(given[0]).lower())
    if written and not guards.by_mode([*guards.tests(run, node), given[0]]) and not _deliberate(run):
        run.record.state(FreshDropout(run.place(node), "rate", name.rpartition(".")[2]))
