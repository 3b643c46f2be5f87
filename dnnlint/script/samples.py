"""What a batch of a loader is made of: rows of tensors, what a data set returns for an index, or what is collated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.script import objects
from dnnlint.script.code import Args, Bound, Class, Func, Partial
from dnnlint.script.tables import datasets
from dnnlint.script.values import Const, Ext, Iteration, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_DEEPEST = 6  # data sets made of data sets
_ROWS = "torch.utils.data.TensorDataset"


class Origin(NamedTuple):
    """Where a part of a batch comes from."""

    kind: str  # "rows" of a tensor | "stack" of such samples | "whole": made as it is | "classes" of a known data set
    value: Value | None
    source: str = ""  # the data set that is known to hold classes


def prepare(run: Interpreter, loader: Obj) -> None:
    """Find out what the batches of a loader are made of, once."""
    if "$batch" in loader.fields:
        return
    loader.fields["$batch"] = ("stack", None)
    collate = loader.fields["$args"].get("collate_fn")
    kind, sample = _sample(run, loader.fields["$dataset"], 0)
    if type(collate) in (Func, Bound, Partial) or (type(collate) is Obj and type(collate.cls) is Class):
        several = objects.new_list([sample] if sample is not None and kind == "stack" else [], loader.at, True)
        if not several.fields["$items"]:
            several.fields["$items"] = (Tuple((Obj("opaque", name="sample"), Obj("opaque", name="sample"))),)
        kind, sample = "whole", _called(run, collate, [several])
    elif collate is not None and not (type(collate) is Const and collate.value is None):
        sample = None
    loader.fields["$batch"] = (kind, sample)


def _called(run: Interpreter, func: Any, given: list[Value]) -> Value | None:
    """What a function of the project returns; what else it does is forgotten."""
    from dnnlint.script import calls

    made: list[Value] = []
    outer, run.operations = run.operations, None

    def act() -> bool:
        made.append(calls.call(run, func, Args(given), func.node if type(func) is Func else run.current))
        return True

    run.explore(act)
    run.operations = outer
    return made[0] if made else None


def _sample(run: Interpreter, dataset: Value, depth: int) -> tuple[str, Value | None]:
    """What a data set holds: its tensors by rows, or what it returns for one index."""
    several = [option for option in options(dataset) if not (type(option) is Const and option.value is None)]
    if len(several) != 1 or depth > _DEEPEST:
        return "stack", None
    (one,) = several
    if type(one) is Iteration and one.items is None and one.item is not None:
        return "stack", one.item
    if type(one) is not Obj:
        return ("rows", one) if type(one) is Tensor else ("stack", None)
    if type(one.cls) is Class:
        return "stack", _returned(run, one)
    if one.kind == "list" and one.fields.get("$items"):
        return "stack", one.fields["$items"][0]
    if one.kind != "dataset":
        return "stack", None
    inputs = one.fields.get("$inputs", ())
    if one.cls == _ROWS:
        return "rows", Tuple(tuple(inputs))
    if one.cls in datasets.CLASSES:
        return "stack", _classified(str(one.cls), one.fields.get("$keywords", ()))
    if one.cls in datasets.DERIVED and inputs:
        first = objects.known_items(inputs[0])
        return _sample(run, first[0] if first else inputs[0], depth + 1)
    return "stack", None


def _classified(name: str, keywords: Any) -> Value | None:
    """A picture and its class."""
    if "target_transform" in keywords or "transforms" in keywords:
        return None
    label = Obj("opaque")
    label.fields["$classes"] = name.rpartition(".")[2]
    return Tuple((Obj("opaque"), label))


def _returned(run: Interpreter, dataset: Obj) -> Value | None:
    getter = dataset.cls.find("__getitem__")
    if type(getter) is Func:
        index = Obj("opaque", name="index")
        index.fields["$index"] = True
        return _called(run, Bound(getter, dataset), [index])
    names = [base.dotted for base in dataset.cls.foreign() if type(base) is Ext]
    known = next((name for name in names if name in datasets.CLASSES), None)
    return _classified(known, ()) if known else None


def origin(tensor: Tensor) -> Origin | None:
    """Where a part of a batch comes from; None if it is not known."""
    path: list[Any] = []
    value: Value = tensor
    while type(value) is Tensor and value.op == "batch" and value.inputs:
        if value.name == "[]":
            path.append(value.args.positional[1])
        elif isinstance(value.extra, str):
            path.append(Const(value.extra))
        value = value.inputs[0]
    if type(value) is not Obj or value.kind != "loader" or "$batch" not in value.fields:
        return None
    kind, found = value.fields["$batch"]
    for step in reversed(path):
        found = _step(found, step)
    if type(found) is Obj and "$classes" in found.fields:
        return Origin("classes", None, found.fields["$classes"])
    return Origin(kind, found) if found is not None else None


def _step(value: Value | None, index: Value) -> Value | None:
    """A member of a structure."""
    if type(value) is Union:
        several = [option for option in value.options if not (type(option) is Const and option.value is None)]
        value = several[0] if len(several) == 1 else None
    if type(index) is not Const:
        return None
    if type(value) is Tuple and type(index.value) is int and -len(value.items) <= index.value < len(value.items):
        return value.items[index.value]
    if type(value) is Obj and value.kind in ("dict", "list"):
        items = value.fields.get("$items")
        if isinstance(items, dict):
            found = items.get(index.value)
            return found if isinstance(found, Value) else None
        if type(index.value) is int and items and -len(items) <= index.value < len(items):
            member: Value = items[index.value]
            return member
    return None
