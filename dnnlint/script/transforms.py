"""Transforms of samples as objects: what a pipeline does, step by step, as far as that is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnlint.script import flow, objects
from dnnlint.script.code import Args, Class, Func, Handler
from dnnlint.script.mentions import Mentions
from dnnlint.script.tables import transforms as table
from dnnlint.script.values import Const, Obj, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_DEEPEST = 4  # data sets made of data sets, pipelines in pipelines
_CALLED_RANDOM = re.compile(r"^Random|Jitter|Augment|Noise")

Numbers = tuple[float, ...] | None


class Step(NamedTuple):
    """One transform of a pipeline."""

    kind: str  # as in the table; "unknown" for what may do anything
    obj: Obj
    mean: Numbers = None
    std: Numbers = None


def _transform(name: str, kind: str) -> Handler:
    def make(run: Interpreter, args: Args, node: Any) -> Value:
        obj = Obj("transform", name, run.place(node))
        obj.fields["$kind"] = _kind(name, kind, args)
        obj.fields["$given"] = args
        if kind == "compose":
            obj.fields["$parts"] = args.get(0, "transforms") or flow.unknown(())
        elif kind == "normalise":
            numbers = _numbers(args.get(0, "mean"))
            obj.fields["$centres"] = numbers is None or any(numbers)
        return obj

    return make


def _kind(name: str, kind: str, args: Args) -> str:
    chance = args.keywords.get("p")
    if kind == "random" and type(chance) is Const:
        if chance.value == 0:
            return "plain"
        if chance.value == 1 and name.rpartition(".")[2] in table.CERTAIN_AT_ONE:
            return "plain"
    return kind


def _factory(run: Interpreter, args: Args, node: Any) -> Value:
    obj = Obj("transform", "timm", run.place(node))
    training = args.keywords.get("is_training")
    known = False if training is None and not args.open else run.truth(training)[0] if training is not None else None
    obj.fields["$kind"] = "random" if known else "unknown"
    obj.fields["$given"] = args
    return obj


def transform_attribute(obj: Obj, name: str) -> Value | None:
    """``pipeline.transforms``, which can be changed afterwards."""
    parts: Value | None = obj.fields.get("$parts") if name == "transforms" else None
    return parts


def steps(value: Value | None, depth: int = 0) -> list[Step]:
    """The steps of a pipeline, in order."""
    if value is None or (type(value) is Const and value.value is None):
        return []
    if type(value) is Tuple:
        return [step for item in value.items for step in steps(item, depth + 1)]
    if type(value) is not Obj or depth > _DEEPEST:
        return [Step("unknown", value if type(value) is Obj else Obj("opaque"))]
    if value.kind == "transform":
        return _known(value, depth)
    if value.kind == "list" or (value.kind == "module" and "$items" in value.fields):
        found = [step for item in objects.contents(value) for step in steps(item, depth + 1)]
        return [*found, Step("unknown", value)] if value.fields.get("$more") else found
    return _own(value, depth)


def _known(obj: Obj, depth: int) -> list[Step]:
    kind = obj.fields["$kind"]
    if obj.cls == "timm":
        return [Step(kind, obj), Step("unknown", obj)]
    if kind == "compose":
        return steps(obj.fields["$parts"], depth + 1)
    if kind == "normalise":
        given = obj.fields["$given"]
        mean, std = _numbers(given.get(0, "mean")), _numbers(given.get(1, "std"))
        if str(obj.cls).startswith("albumentations") and not given.values():
            mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        return [Step(kind, obj, mean, std)]
    return [Step(kind, obj)]


def _own(obj: Obj, depth: int) -> list[Step]:
    """A transform of the project: random by what it is called and does, or made of known ones."""
    cls = obj.cls
    if type(cls) is not Class:
        return [Step("unknown", obj)]
    for start in ("__call__", "forward"):
        if type(cls.find(start)) is not Func:
            continue
        mentions = Mentions(cls, start)
        if _CALLED_RANDOM.search(cls.name) and mentions.names & table.CHANCE:
            return [Step("random", obj)]
        inner = [value for name, value in obj.fields.items() if name in mentions.attributes and _pipeline(value)]
        if len(inner) == 1:
            return [*steps(inner[0], depth + 1), Step("unknown", obj)]
    return [Step("unknown", obj)]


def _pipeline(value: Any) -> bool:
    if type(value) is not Obj or value.kind != "list":
        return type(value) is Obj and value.kind == "transform"
    return any(is_transform(item) for item in objects.contents(value))


def is_transform(value: Any) -> bool:
    """Whether a value is a pipeline, or looks like one."""
    if type(value) is not Obj:
        return False
    if value.kind == "instance" and type(value.cls) is Class:
        return type(value.cls.find("__call__")) is Func
    return _pipeline(value)


def _numbers(value: Value | None) -> Numbers:
    """The constants of a normalisation, one a channel; a single one stands for all of them."""
    if type(value) is Const and isinstance(value.value, (int, float)):
        return (float(value.value),)
    items = objects.known_items(value) if value is not None else None
    if not items or any(type(one) is not Const or not isinstance(one.value, (int, float)) for one in items):
        return None
    numbers = tuple([float(one.value) for one in items])  # type: ignore[attr-defined]
    return numbers[:1] if len(set(numbers)) == 1 else numbers


def _centres(value: Value) -> bool:
    return any(
        bool(step.obj.fields.get("$centres"))
        for option in options(value)
        if type(option) is Obj and option.kind == "transform"
        for step in steps(option)
    )


def centred(data: Value, depth: int = 0) -> bool:
    """Whether the samples of a loader or data set are normalised around zero by a transform."""
    if _centres(data):
        return True
    return depth < _DEEPEST and any(
        centred(part, depth + 1)
        for option in options(data)
        if type(option) is Obj
        for part in _parts(option)
        if type(part) in (Obj, Union)
    )


def _parts(data: Obj) -> list[Value]:
    """What a loader or data set was made from."""
    if data.kind == "loader":
        return [data.fields["$dataset"]]
    parts = [*data.fields.get("$inputs", ()), *data.sources]
    if type(data.cls) is Class:
        parts += [value for name, value in data.fields.items() if name[:1] != "$" and isinstance(value, Value)]
    return parts


def pipeline(dataset: Value | None, depth: int = 0) -> Value | None:
    """The transform that a data set applies to its samples; None if that is not known, or there is none."""
    if type(dataset) is not Obj or depth > _DEEPEST:
        return None
    set_later: Value | None = dataset.fields.get("transform")
    if type(dataset.cls) is Class:
        return _field(dataset, set_later)
    if set_later is not None:
        return set_later
    inner = underlying(dataset)
    if inner is not None:
        return pipeline(inner, depth + 1)
    given: Args | None = dataset.fields.get("$given")
    if given is None:
        return None
    for name in ("transform", "transforms"):
        if name in given.keywords:
            return given.keywords[name]
    return next((value for value in given.positional if is_transform(value)), None)


def _field(dataset: Obj, set_later: Value | None) -> Value | None:
    """The one transform that a project data set keeps and its samples pass through."""
    mentions = Mentions(dataset.cls, "__getitem__")
    if not mentions.functions:
        return set_later
    kept = [value for name, value in dataset.fields.items() if name in mentions.attributes and is_transform(value)]
    return kept[0] if len(kept) == 1 else None


def underlying(dataset: Obj) -> Obj | None:
    """The data set that a part of one was taken from."""
    if isinstance(dataset.cls, str) and dataset.cls.endswith(("Subset", "random_split")):
        inner = dataset.fields.get("dataset") or next(iter(dataset.fields.get("$inputs", ())), None)
        return inner if type(inner) is Obj else None
    return None


HANDLERS: dict[str, Handler] = {
    **{name: _transform(name, kind) for name, kind in table.TRANSFORMS.items()},
    **dict.fromkeys(table.FACTORIES, _factory),
}
