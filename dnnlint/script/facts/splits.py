"""Data sets that train and those that evaluate, with the pipelines that their samples pass through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.evidence.script.data import Feed, PipelineStep, Split
from dnnlint.script import transforms
from dnnlint.script.code import Args, Class
from dnnlint.script.facts import purpose
from dnnlint.script.values import Const, Obj, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_ON_PURPOSE = re.compile(r"tta|aug|pretext|memory|bank|two_?crop|multi_?crop|noisy|corrupt", re.IGNORECASE)
_EVALUATION_SPLITS = frozenset({"test", "val", "valid", "validation", "testing", "dev", "eval"})
_TRAINING_SPLITS = frozenset({"train", "training", "trainval"})


def state(run: Interpreter) -> None:
    """State each data set that evaluates, beside the one that trains, if there is one."""
    feeds = [(loader, made) for loader in run.record.loaders if (made := _feed(loader)) is not None]
    training = [made for loader, made in feeds if _trains(loader)]
    names = {id(made.dataset) for made in training}
    for loader, made in feeds:
        if evaluates(loader) and id(made.dataset) not in names and not _pictures(loader):
            partner = _partner(training, made)
            run.record.state(Split(partner.feed if partner else None, made.feed, *_shared(training, made)))


def _pictures(loader: Obj) -> bool:
    """Whether a loader is only ever asked for a batch or two, to draw them."""
    return "$rounds" in loader.fields and not loader.fields.get("$looped")


class _Made:
    """A loader's data set, the set it was taken from, and its pipeline."""

    __slots__ = ("base", "dataset", "feed", "pipeline", "random")

    def __init__(self, dataset: Obj, base: Obj, pipeline: Value, feed: Feed) -> None:
        self.dataset, self.base, self.pipeline, self.feed = dataset, base, pipeline, feed
        self.random = {step.place for step in feed.steps if step.kind == "random"}


def _feed(loader: Obj) -> _Made | None:
    dataset = loader.fields["$dataset"]
    if type(dataset) is not Obj:
        return None
    base = dataset
    while (inner := transforms.underlying(base)) is not None:
        base = inner
    pipeline = transforms.pipeline(dataset)
    if pipeline is None:
        return None
    steps = transforms.steps(pipeline)
    told = tuple([PipelineStep(step.obj.at, _title(step.obj), step.kind, step.mean, step.std) for step in steps])
    at = pipeline.at if type(pipeline) is Obj else dataset.at
    return _Made(dataset, base, pipeline, Feed(loader.at, loader.name, dataset.at, at, told))


def _title(obj: Obj) -> str:
    return obj.cls.name if type(obj.cls) is Class else str(obj.cls or "").rpartition(".")[2]


def _trains(loader: Obj) -> bool:
    if loader.fields.get("$trains") or loader.fields.get("$learned"):
        return True
    return any(purpose.trains(name) and not purpose.evaluates(name) for name in _names(loader)[:2] if name)


def evaluates(loader: Obj) -> bool:
    """Whether a loader is for evaluation, by what it is called or which part of the data it reads."""
    if loader.fields.get("$trains") or loader.fields.get("$learned"):
        return False
    names = [name for name in _names(loader) if name]
    if any(purpose.trains(name) or _ON_PURPOSE.search(name) for name in names):
        return False
    if split_of(loader.fields["$dataset"]) == "train":
        return purpose.evaluates(loader.name) and _chosen(loader.fields["$dataset"])
    return any(purpose.evaluates(name) for name in names) or split_of(loader.fields["$dataset"]) == "evaluation"


def _chosen(dataset: Value) -> bool:
    """Whether a data set of the project is told which samples to take of the part that it reads."""
    given: Args | None = dataset.fields.get("$given") if type(dataset) is Obj and type(dataset.cls) is Class else None
    values = given.values() if given is not None else []
    return any(getattr(value, "value", ...) is ... and not transforms.is_transform(value) for value in values)


def called_after_evaluation(loader: Obj, training: list[Obj]) -> bool:
    """Whether the names of a loader, and of its data set if that is its own, speak of evaluation alone."""
    if loader.fields.get("$trains") or loader.fields.get("$learned"):
        return False
    own, dataset, scope = _names(loader)
    if any(loader.fields["$dataset"] is one.fields["$dataset"] for one in training):
        dataset = ""
    names = [name for name in (own, dataset, scope) if name]
    if any(purpose.trains(name) or _ON_PURPOSE.search(name) for name in names):
        return False
    return any(purpose.evaluates(name) for name in names)


def _names(loader: Obj) -> list[str]:
    dataset = loader.fields["$dataset"]
    scope: str = loader.fields["$scope"]
    return [loader.name, dataset.name if type(dataset) is Obj else "", scope if "load" in scope else ""]


def split_of(dataset: Value) -> str:
    """The part of the data that a data set is told to read: "train", "evaluation", or "" if that is not known."""
    found = {_split(option) for option in options(dataset)}
    return found.pop() if len(found) == 1 else ""


def _split(dataset: Value) -> str:
    if type(dataset) is not Obj:
        return ""
    inner = transforms.underlying(dataset)
    if inner is not None:
        return ""
    given: Args | None = dataset.fields.get("$given")
    if given is None:
        return ""
    for name in ("train", "split", "mode", "phase", "image_set", "is_train", "training", "subset"):
        value = given.keywords.get(name)
        if type(value) is Const and name in ("train", "is_train", "training") and isinstance(value.value, bool):
            return "train" if value.value else "evaluation"
        if type(value) is Const and isinstance(value.value, str):
            return _of_word(value.value)
    return _of_words([_last(value) for value in given.values()])


def _last(value: Value) -> object:
    """A constant, or the last part of a path that was put together."""
    if type(value) is Const:
        return value.value
    return value.fields.get("$tail") if type(value) is Obj else None


def _of_words(values: list[object]) -> str:
    found = {_of_word(value) for value in values if isinstance(value, str)} - {""}
    return found.pop() if len(found) == 1 else ""


def _of_word(text: str) -> str:
    last = re.split(r"[/\\]", text.rstrip("/\\"))[-1].lower()
    return "train" if last in _TRAINING_SPLITS else "evaluation" if last in _EVALUATION_SPLITS else ""


def _partner(training: list[_Made], made: _Made) -> _Made | None:
    """The data set that trains beside one that evaluates: of its class, and alone or always with one pipeline."""
    same = [one for one in training if one.base.cls is made.base.cls or one.base.cls == made.base.cls]
    return same[0] if same and all(one.feed.steps == same[0].feed.steps for one in same) else None


def _built(one: _Made, made: _Made) -> bool:
    """Whether one line built both pipelines, one after the other."""
    return one.feed.pipeline == made.feed.pipeline


def _shared(training: list[_Made], made: _Made) -> tuple[Place | None, Place | None]:
    """Where a data set was split that both sides take parts of; and where training got the same pipeline."""
    for one in training:
        if one.base is made.base and one.dataset is not made.dataset:
            return made.dataset.at, None
    for one in training:
        if one.pipeline is made.pipeline or (made.random and made.random <= one.random and not _built(one, made)):
            return None, one.dataset.at
    return None, None
