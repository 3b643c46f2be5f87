"""Evaluation data that is training data: the same data set, the same part of it, or overlapping pieces."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from dnnlint.evidence.script.data import Leak
from dnnlint.script import transforms
from dnnlint.script.code import Args, Class
from dnnlint.script.facts import splits
from dnnlint.script.values import Const, Iteration, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_Span = tuple[int, int | None]


def state(run: Interpreter) -> None:
    """State loaders for evaluation that read what trains."""
    plain = [loader for loader in run.record.loaders if _plain(loader)]
    training = [loader for loader in plain if loader.fields.get("$trains")]
    for loader in plain:
        if training and splits.called_after_evaluation(loader, training):
            _compare(run, loader, training)


def _plain(loader: Obj) -> bool:
    """Whether a loader reads all of one data set."""
    args = loader.fields["$args"]
    chosen = [args[name] for name in ("sampler", "batch_sampler") if name in args]
    whole = all(type(value) is Const and value.value is None for value in chosen)
    return whole and not loader.fields["$open"] and type(loader.fields["$dataset"]) is Obj


def _compare(run: Interpreter, loader: Obj, training: list[Obj]) -> None:
    dataset: Obj = loader.fields["$dataset"]
    for one in training:
        other: Obj = one.fields["$dataset"]
        name = loader.name or dataset.name
        if other is dataset:
            run.record.state(Leak(loader.at, "same", one.at, name))
        elif _same_part(dataset, other):
            run.record.state(Leak(dataset.at, "part", other.at, name))
        elif _overlap(dataset, other):
            run.record.state(Leak(dataset.at, "overlap", other.at, name))
        else:
            continue
        return


def _same_part(dataset: Obj, other: Obj) -> bool:
    if dataset.cls is None or dataset.cls != other.cls or transforms.underlying(dataset) is not None:
        return False
    whole = type(dataset.cls) is not Class or _same_choice(dataset.fields["$given"], other.fields["$given"])
    return whole and splits.split_of(dataset) == splits.split_of(other) == "train" and _root(dataset) == _root(other)


def _same_choice(one: Args, other: Args) -> bool:
    """Whether a class of the project gets the same arguments twice: others, but for transforms, may choose samples."""
    pairs = [*zip_longest(one.positional, other.positional)]
    pairs += [(one.keywords.get(key), other.keywords.get(key)) for key in {*one.keywords, *other.keywords}]
    for a, b in pairs:
        alike = type(a) is Const and type(b) is Const and a.value == b.value is not ...
        if a is not b and not alike and not any(map(transforms.is_transform, (a, b))):
            return False
    return True


def _root(dataset: Obj) -> object:
    """Where a data set is read from, as far as that is a constant."""
    given = dataset.fields["$given"]
    first = given.positional[0] if given.positional else given.keywords.get("root")
    return first.value if type(first) is Const and first.value is not ... else None


def _overlap(dataset: Obj, other: Obj) -> bool:
    mine, theirs = _piece(dataset), _piece(other)
    if mine is None or theirs is None or mine[0] is not theirs[0]:
        return False
    (start, stop), (begin, end) = mine[1], theirs[1]
    if min(start, begin) < 0 or (stop or 0) < 0 or (end or 0) < 0:
        return False
    return (end is None or start < end) and (stop is None or begin < stop)


def _piece(dataset: Obj) -> tuple[Value, _Span] | None:
    """What a data set takes a piece of, and which."""
    inputs = dataset.fields.get("$inputs", ())
    if not inputs:
        return None
    first = inputs[0]
    if str(dataset.cls).endswith("Subset") and len(inputs) > 1:
        chosen = inputs[1]
        return (first, chosen.span) if type(chosen) is Iteration and chosen.span is not None else None
    if str(dataset.cls).endswith("TensorDataset"):
        return _slice(first)
    return None


def _slice(value: Value) -> tuple[Value, _Span] | None:
    while type(value) is Tensor and value.op in ("view", "cut") and value.inputs:
        extra = value.extra
        if type(extra) is tuple and len(extra) == 3 and extra[0] == "slice":
            return value.inputs[0], extra[1:]
        value = value.inputs[0]
    return None
