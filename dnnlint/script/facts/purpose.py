"""What data and functions are for, as far as their names tell: training or evaluation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.script.values import Iteration, Obj, options

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop

_END = r"(?:_|\d|$|(?=loader|load|data|set|iter|batch|dl|ds$|gen|img|image|label|input|sample|[xys]$))"
_EVALUATION = re.compile(
    r"(?:^|_)(?:eval|evaluate|evaluation|evaluating|evaluator|valid|validate|validation|validating|val|vali|test|testing|"
    r"tst|infer|inference|predict|prediction|dev|score|heldout|holdout)" + _END
)
_TRAINING = re.compile(r"(?:^|_)(?:train|fit|training)" + _END)
_UNIT_TEST = re.compile(
    r"(?:^|[/\\])(?:tests?[/\\](?:.*[/\\])?)?test_\w*\.py$|_test\.py$|conftest\.py$|(?:^|[/\\])tests?[/\\](?:.*[/\\])?helpers[/\\]"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LOADING = re.compile(r"load|data|batch|iter|set$|_dl$|^dl", re.IGNORECASE)


def unit_test(path: str) -> bool:
    """Whether a file holds unit tests, which run a few steps on data that hardly matters."""
    return _UNIT_TEST.search(path) is not None


def evaluates(name: str) -> bool:
    """Whether a name speaks of evaluation."""
    return _speaks_of(_EVALUATION, name)


def trains(name: str) -> bool:
    """Whether a name speaks of training."""
    return _speaks_of(_TRAINING, name)


def _speaks_of(words: re.Pattern[str], name: str) -> bool:
    """Whether one of some words stands in a name, written with humps or underscores."""
    return words.search(_HUMP.sub("_", name).lower()) is not None


def loads(name: str) -> bool:
    """Whether something of this name usually hands out data."""
    return _LOADING.search(name) is not None


def over_data(loop: Loop) -> bool:
    """Whether a loop goes over a loader, a data set, or something named like one."""
    return any(
        source.kind in ("loader", "dataset", "instance") or _LOADING.search(source.name) for source in sources(loop)
    )


def over_training_data(loop: Loop | None) -> bool:
    """Whether a loop goes over data that a network learns from."""
    return loop is not None and any(source.fields.get("$trains") or trains(source.name) for source in sources(loop))


def loader_names(loop: Loop) -> list[str]:
    """The names of what a loop goes over."""
    return [source.name for source in sources(loop)]


def sources(loop: Loop) -> list[Obj]:
    """What a loop goes over."""
    source = loop.iterable.source if type(loop.iterable) is Iteration else None
    return [option for option in options(source) if type(option) is Obj] if source is not None else []
