"""Requests between processes, gradients written by hand, and what loaders are given: one case an idiom."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from dnnlint.evidence.script import Communication, CustomGradient, Loader
from dnnlint.script.reader import Reader

Read = Callable[[str], list[Any]]

HEAD = """
import torch
import torch.distributed as dist
from torch.utils.data import BatchSampler, DataLoader, Dataset, IterableDataset, RandomSampler, Sampler

class Stream(IterableDataset):
    def __iter__(self):
        yield 1

class Own(Sampler):
    def __iter__(self):
        return iter([0])
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The facts of a script."""

    def reading(source: str) -> list[Any]:
        main = tmp_path / "train.py"
        main.write_text(HEAD + dedent(source))
        return list(Reader([str(tmp_path)]).read(str(main), main.read_bytes()).facts)

    return reading


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("dist.isend(x, dst=1)", 1),
        ("dist.all_reduce(x, async_op=True)", 1),
        ("work = dist.irecv(x, src=0)\nreturn x", 1),
        ("pending = []\nfor part in x:\n    pending.append(dist.isend(part, 1))", 1),
        ("dist.batch_isend_irecv(ops)", 1),
        ("dist.all_reduce(x)", 0),
        ("dist.all_reduce(x, async_op=flag)", 0),
        ("work = dist.irecv(x, src=0)\nwork.wait()", 0),
        ("return dist.isend(x, dst=1)", 0),
        ("self.work = dist.isend(x, dst=1)", 0),
        ("dist.isend(x, dst=1).wait()", 0),
        ("pending = [dist.isend(part, 1) for part in x]\nfor work in pending:\n    work.wait()", 0),
        ("dist.isend(x, dst=1)\ntorch.cuda.synchronize()", 0),
    ],
)
def test_requests_that_nobody_waits_for(read: Read, body: str, count: int) -> None:
    facts = read("def run(self, x, ops, flag):\n" + indent(body, "    "))

    assert len([fact for fact in facts if type(fact) is Communication]) == count


@pytest.mark.parametrize(
    ("forward", "backward", "expected"),
    [
        ("ctx, x", "return grad", (1, 1, 1)),
        ("ctx, x, y", "return grad, None", (2, 2, 2)),
        ("ctx, x, y", "return grad * 2", (1, 2, 2)),
        ("ctx, x, y", "a = grad.clone()\na[a < 0] = 0\nreturn a", (1, 2, 2)),
        ("ctx, x, y=1", "return grad", (1, 1, 2)),
        ("ctx, x", "return grad, None, None", (1, 1, 1)),
        ("ctx, x", "return grad, grad", (2, 1, 1)),
        ("ctx, x, y", "return (grad,) * 2", (2, 2, 2)),
    ],
)
def test_gradients_of_a_backward(read: Read, forward: str, backward: str, expected: tuple[int, int, int]) -> None:
    source = f"class F(torch.autograd.Function):\n    @staticmethod\n    def forward({forward}):\n        return x\n"
    source += "    @staticmethod\n    def backward(ctx, grad):\n" + indent(backward, " " * 8)
    found = [fact for fact in read(source) if type(fact) is CustomGradient]

    assert [(fact.gradients, fact.least, fact.most) for fact in found] == [expected]


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("ctx, *xs", "return grad"),
        ("ctx, x, y", "return elsewhere(grad)"),
        ("ctx, x, y", "return (*parts, None)"),
        ("ctx, x, y", "return grads + (None,)"),
    ],
)
def test_gradients_that_cannot_be_counted(read: Read, forward: str, backward: str) -> None:
    source = f"class F(torch.autograd.Function):\n    @staticmethod\n    def forward({forward}):\n        return x\n"
    source += "    @staticmethod\n    def backward(ctx, grad):\n" + indent(backward, " " * 8)

    assert not any(type(fact) is CustomGradient for fact in read(source))


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("data, shuffle=True, sampler=RandomSampler(data)", {"shuffle", "sampler", "in_process"}),
        ("data, shuffle=True, sampler=Own()", {"shuffle", "sampler", "in_process"}),
        ("data, 32, batch_sampler=BatchSampler(Own(), 4, True)", {"batch_size", "batch_sampler", "in_process"}),
        ("Stream(), shuffle=True, num_workers=2", {"shuffle", "stream"}),
        ("data, shuffle=True, sampler=unknown(data)", {"shuffle", "in_process"}),
        ("data, shuffle=flag, sampler=Own(), num_workers=workers", {"sampler"}),
        ("data, batch_size=1, num_workers=2, persistent_workers=True", {"persistent_workers"}),
        ("data, **options", set()),
    ],
)
def test_what_a_loader_is_certainly_given(read: Read, given: str, names: set[str]) -> None:
    (loader,) = [fact for fact in read(f"loader = DataLoader({given})") if type(fact) is Loader]

    assert loader.arguments is not None
    assert {name for name, held in loader.arguments._asdict().items() if held} == names
