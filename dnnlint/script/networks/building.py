"""Building networks: layers and containers of libraries, modules of the project, and what becomes registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Mode
from dnnlint.script import ir, iteration, objects
from dnnlint.script.code import Args, Class
from dnnlint.script.events import construction
from dnnlint.script.networks import tree
from dnnlint.script.tables.layers import LAYERS, LayerSpec
from dnnlint.script.values import Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

RENEWED = {
    "reset_classifier": "classifier",
    "resize_token_embeddings": "embeddings",
}  # methods, and what they make anew


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


def prepare(run: Interpreter, obj: Obj) -> None:
    """Before the constructor of a project class runs."""
    obj.fields["$from"] = run.tick()
    if obj.kind == "module":
        obj.fields["$mode"] = frozenset({(Mode.TRAIN, None, obj.fields["$from"])})


def built(run: Interpreter, obj: Obj, node: Any) -> None:
    """After the constructor of a project class has run."""
    obj.fields["$to"] = run.tick()
    if obj.kind == "module":
        run.record.modules.append(obj)
        if run.forwards and not run.building and _has_own_parameters(obj):
            construction.built(run, obj, node)


def _has_own_parameters(obj: Obj) -> bool:
    """Whether a network holds more than networks that its constructor was given."""
    born: int = obj.fields["$from"]
    parts = [part for _, part in tree.descendants(obj)]
    new = any(tree.parametric(part) and part.fields.get("$clock", born) >= born for part in parts)
    return new or (bool(tree.has_parameters(obj)) and any(tree.own_tensors(part) for part in parts if part is obj))


def set_attribute(run: Interpreter, obj: Obj, name: str, value: Value, node: Any) -> bool:
    """Attribute assignments that mean more than storing; True if that was all."""
    if obj.kind == "opaque":
        part_replaced(run, obj, f"{obj.name}.{name}", value)
    elif obj.kind == "module" or obj.kind == "instance":
        for option in options(value):
            if type(option) is Obj and option.kind == "module":
                run.write(option.fields, "$registered", True)
        if run.building:
            construction.assigned(run, obj, value, node)
        else:
            run.version += 1
        if name == "weight" and "$spec" in obj.fields and not (type(value) is Tensor and value.layer is None):
            run.write(obj.fields, "$tied", True)  # to what another layer has
        if type(value) in (Obj, Tuple, Union, Tensor):
            run.write(obj.fields, "$at " + name, run.place(node))
    return obj.kind == "module" and name in ("training", "requires_grad")


def part_replaced(run: Interpreter, obj: Obj, name: str, value: Value) -> None:
    """A layer was put into a part of a library's network, of which nothing else is known."""
    whole: Obj | None = obj.fields.get("$part of")
    if whole is not None and tree.is_module(value):
        run.write(whole.fields, name, value)


def renewed(run: Interpreter, obj: Obj, name: str, node: Any) -> None:
    """A network of a library makes one of its layers anew, as ``reset_classifier`` of timm does."""
    layer = new_layer("torch.nn.Linear", LAYERS["Linear"], Args(open_=True), run.place(node))
    layer.fields["$clock"] = run.tick()
    run.write(obj.fields, RENEWED[name], layer)


def joined(run: Interpreter, container: Obj, value: Value) -> None:
    """A value was put into a container: a module in a module container counts as registered."""
    if container.kind == "module":
        for option in options(value):
            if type(option) is Obj:
                run.write(option.fields, "$registered", True)
        run.version += 1


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
        obj.fields["$more"] = first.fields.get("$more") and not first.fields.get("$complete")  # type: ignore[attr-defined]
    elif first is not None:
        items = objects.known_items(first)
        if items is None and type(first) is Obj and first.kind == "list":
            items = objects.contents(first)
            obj.fields["$more"] = True
        if items is None:
            element = iteration.element(run, iteration.iterate(run, first, node), node)
            items = [element] if tree.is_module(element) else []
            obj.fields["$more"] = True
        pairs = [item for item in items if type(item) is Tuple and len(item.items) == 2]
        if pairs and len(pairs) == len(items) and not cls.endswith("List"):
            keys = [getattr(pair.items[0], "value", ...) for pair in pairs]
            named = [f"[{index}]" if key is ... else str(key) for index, key in enumerate(keys)]
            entries = {key: pair.items[1] for key, pair in zip(named, pairs, strict=True)}
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


def children_by_name(obj: Obj) -> Obj | None:
    """``_modules``: the children of a network by name; None if its inside is not known."""
    if type(obj.cls) is not Class and "$spec" not in obj.fields:
        return None
    return objects.new_dict(dict(tree.children(obj)[:80]), obj.at)
