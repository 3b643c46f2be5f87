"""Whether samples come in the order in which they are stored: samplers that keep it, and data sets that have none."""

from __future__ import annotations

from typing import Any

from dnnlint.script import ir
from dnnlint.script.code import Class, Func
from dnnlint.script.events import guards
from dnnlint.script.values import Obj, Value

_DEEPEST = 3


def keeps(sampler: Value, depth: int = 0) -> bool:
    """Whether a sampler, or the one that a batch sampler draws from, goes through the samples as they are stored."""
    if type(sampler) is not Obj or sampler.kind != "sampler" or depth > _DEEPEST:
        return False
    name = str(sampler.cls).rpartition(".")[2]
    if name == "BatchSampler":
        inner = sampler.fields["$inputs"][:1]
        return bool(inner) and keeps(inner[0], depth + 1)
    return name == "SequentialSampler" or (name.endswith("DistributedSampler") and sampler.fields["$shuffles"] is False)


def draws_samples(dataset: Obj) -> bool:
    """Whether a data set of the project draws each sample at random: the index says no more than what kind to draw."""
    found = dataset.cls.find("__getitem__") if type(dataset.cls) is Class else None
    if type(found) is not Func or type(found.node) is not ir.FunctionDef or len(found.node.params.positional) < 2:
        return False
    index = found.node.params.positional[1]
    parts = guards.walk(found.node.body)
    tests = [test for part in parts for test in _tests(part)]
    asked = {id(part) for test in tests for part in guards.walk(test)}
    return not any(type(part) is ir.Name and part.id == index and id(part) not in asked for part in parts)


def _tests(part: Any) -> list[Any]:
    if type(part) is ir.If:
        return [test for test, _ in part.branches]
    return [part.test] if type(part) in (ir.While, ir.IfExp) else []
