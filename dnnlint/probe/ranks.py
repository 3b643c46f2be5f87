"""One report for several processes: every rank writes down what it saw, and rank 0 joins it.

Statistics travel as files of plain numbers after the watched steps, never as collectives inside the run: a collective
that one rank does not reach would hang all of them. Ranks of other machines are out of reach; the report says of how
many processes it speaks.
"""

import math
import os
import pickle
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from dnnlint.evidence.trace import (
    Activations,
    ActivationStep,
    Gradients,
    GradientStep,
    LayerActivations,
    Losses,
    ParameterGradients,
    ParameterUpdates,
    Run,
    Spread,
    Updates,
    Weights,
    WeightStats,
)

_PATIENCE = 10.0  # seconds that rank 0 waits for the others, once its own script is over
Record = Mapping[type, object]
_Item = TypeVar("_Item", bound=NamedTuple)


def rank() -> int:
    """Rank of this process, 0 where there is no launcher."""
    return _number("RANK", 0)


def world_size() -> int:
    """Processes of the run."""
    return _number("WORLD_SIZE", 1)


def share(record: Record) -> None:
    """Write down what this rank saw; an error costs the statistics of this rank only."""
    path = _path(rank())
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(f"{path}.part", "wb") as file:
        pickle.dump(dict(record), file)
    os.replace(f"{path}.part", path)


def gather(own: Record) -> Record:
    """Join what the other ranks of this machine wrote; wait for those that are late."""
    others = [number for number in range(_number("LOCAL_WORLD_SIZE", world_size())) if number != rank()]
    deadline = time.monotonic() + _PATIENCE
    records = [own]
    for number in others:
        path = _path(number)
        while not os.path.exists(path) and time.monotonic() < deadline:
            time.sleep(0.05)
        try:
            with open(path, "rb") as file:
                records.append(pickle.load(file))  # written by this user's other processes, in a folder of theirs
            os.remove(path)
        except (OSError, pickle.PickleError, EOFError):
            continue
    _remove_folder()
    return merge(records)


def merge(records: Sequence[Record]) -> Record:
    """One record from those of several ranks, the first of which leads."""
    merged = dict(records[0])
    for channel, join in _JOINS.items():
        parts: list[Any] = [record[channel] for record in records if channel in record]
        if channel in merged and len(parts) > 1:
            merged[channel] = join(parts)
    if isinstance(run := merged.get(Run), Run):
        merged[Run] = run._replace(seen_ranks=len(records))
    return merged


def _folder() -> str:
    """A folder that all ranks of one launch on one machine agree on: they have the same parent."""
    launch = "-".join(os.environ.get(name, "") for name in ("MASTER_PORT", "TORCHELASTIC_RESTART_COUNT"))
    user = os.getuid() if hasattr(os, "getuid") else 0
    return os.path.join(tempfile.gettempdir(), f"dnnlint-{user}-{os.getppid()}-{launch}")


def _path(number: int) -> str:
    return os.path.join(_folder(), f"rank-{number}.pickle")


def _remove_folder() -> None:
    try:
        os.rmdir(_folder())
    except OSError:  # a late rank may still write
        return


def _number(variable: str, otherwise: int) -> int:
    value = os.environ.get(variable, "")
    return int(value) if value.isdecimal() else otherwise


def _losses(parts: list[Losses]) -> Losses:
    """Mean values of the calls that every rank made."""
    first = parts[0]
    calls = tuple(
        call._replace(value=_mean([part.calls[place].value for part in parts if place < len(part.calls)]))
        for place, call in enumerate(first.calls)
    )
    backwards = tuple(
        passed._replace(value=_mean([part.backwards[place].value for part in parts if place < len(part.backwards)]))
        for place, passed in enumerate(first.backwards)
    )
    return Losses(calls, backwards)


def _activations(parts: list[Activations]) -> Activations:
    return Activations(
        _matched([part.layers for part in parts], lambda one: (one.layer.network, one.layer.path, one.op), _layer)
    )


def _layer(alike: list[LayerActivations]) -> LayerActivations:
    """A unit is dead if it is dead everywhere: at most the least share of all ranks."""
    first = alike[0]
    steps = tuple(_activation(list(same)) for same in zip(*(one.steps for one in alike), strict=False))
    return first._replace(
        steps=steps,
        dead=_least([one.dead for one in alike]),
        first_dead=_least([one.first_dead for one in alike]),
        distinct=sum(one.distinct for one in alike),
        rows=sum(one.rows for one in alike),
    )


def _activation(alike: list[ActivationStep]) -> ActivationStep:
    return alike[0]._replace(
        spread=_spread([one.spread for one in alike]),
        rms=_root([one.rms for one in alike]) / math.sqrt(len(alike)),
        zeros=sum(one.zeros for one in alike) / len(alike),
        saturated=sum(one.saturated for one in alike) / len(alike),
        rows=sum(one.rows for one in alike),
        dead=_least([one.dead for one in alike]),
    )


def _spread(alike: list[Spread]) -> Spread:
    """Moments of equally large samples together."""
    count = len(alike)
    mean = sum(one.mean for one in alike) / count
    variance = sum(one.std**2 + (one.mean - mean) ** 2 for one in alike) / count
    return Spread(mean, math.sqrt(max(variance, 0.0)), min(one.low for one in alike), max(one.high for one in alike))


def _weights(parts: list[Weights]) -> Weights:
    def join(alike: list[WeightStats]) -> WeightStats:
        return alike[0]._replace(
            spread=_spread([one.spread for one in alike]),
            identical_rows=all(one.identical_rows for one in alike),
            constant=all(one.constant for one in alike),
        )

    return Weights(_matched([part.weights for part in parts], lambda one: one.parameter.name, join))


def _gradients(parts: list[Gradients]) -> Gradients:
    """Norms of sharded parameters add up; replicated ones are the same everywhere."""

    def join(alike: list[ParameterGradients]) -> ParameterGradients:
        if not alike[0].parameter.sharded:
            return alike[0]
        steps = tuple(_gradient(list(same)) for same in zip(*(one.steps for one in alike), strict=False))
        return alike[0]._replace(steps=steps)

    matched = _matched([part.parameters for part in parts], lambda one: (one.parameter.name, one.optimizer), join)
    return parts[0]._replace(parameters=matched)


def _gradient(alike: list[GradientStep]) -> GradientStep:
    return alike[0]._replace(
        norm=_root([one.norm for one in alike]),
        weight_norm=_root([one.weight_norm for one in alike]),
    )


def _updates(parts: list[Updates]) -> Updates:
    """Each rank sampled its own shard: the ratios are averaged, and what changed anywhere has changed."""

    def join(alike: list[ParameterUpdates]) -> ParameterUpdates:
        if not alike[0].parameter.sharded:
            return alike[0]
        steps = tuple(
            same[0]._replace(ratio=sum(one.ratio for one in same) / len(same), changed=max(one.changed for one in same))
            for same in zip(*(one.steps for one in alike), strict=False)
        )
        norms = tuple(_root(list(same)) for same in zip(*(one.gradient_norms for one in alike), strict=False))
        return alike[0]._replace(steps=steps, gradient_norms=norms)

    return Updates(_matched([part.parameters for part in parts], lambda one: (one.parameter.name, one.optimizer), join))


def _matched(
    parts: list[tuple[_Item, ...]], key: Callable[[_Item], object], join: Callable[[list[_Item]], _Item]
) -> tuple[_Item, ...]:
    """Items of the first part, each joined with those of the other parts that have its key.

    Networks may have the same names inside: the second item of a key belongs to the second items of that key.
    """
    first, *others = [_numbered(part, key) for part in parts]
    return tuple(join([item, *(other[name] for other in others if name in other)]) for name, item in first.items())


def _numbered(part: tuple[_Item, ...], key: Callable[[_Item], object]) -> dict[tuple[object, int], _Item]:
    counts: Counter[object] = Counter()
    found = {}
    for item in part:
        found[key(item), counts[key(item)]] = item
        counts[key(item)] += 1
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _least(values: Sequence[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _root(values: Sequence[float]) -> float:
    return math.sqrt(sum(value * value for value in values))


_JOINS: dict[type, Callable[[list[Any]], object]] = {
    Losses: _losses,
    Activations: _activations,
    Weights: _weights,
    Gradients: _gradients,
    Updates: _updates,
}
