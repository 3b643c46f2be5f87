"""Accumulation windows, shared groups and wrapped networks, growing containers and averages, weights drawn by hand."""

from collections.abc import Callable
from textwrap import indent
from typing import Any

import pytest

from dnnlint.evidence.script import Accumulation, EvaluationPass, Gradients, Mode, TrainingStep, WeightInit, WipedStep

Read = Callable[..., dict[type, list[Any]]]
HEAD = """
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randint(2, (64,))), batch_size=8, shuffle=True)
"""
LOOP = """
seen = 0
for epoch in range(9):
    {start}
    for i, (x, y) in enumerate(loader):
        {first}
        loss = F.cross_entropy(model(x), y) / 4
        loss.backward()
        seen += len(x)
        {middle}
        if {test}:
            optimizer.step()
            {stepped}
        {last}
"""


def loop(
    test: str = "(i + 1) % 4 == 0",
    start: str = "pass",
    first: str = "pass",
    middle: str = "pass",
    stepped: str = "pass",
    last: str = "pass",
) -> str:
    return LOOP.format(test=test, start=start, first=first, middle=middle, stepped=stepped, last=last)


CLEAR = "optimizer.zero_grad()"


class TestWindows:
    """Steps once in several iterations, and clears in each of them."""

    @pytest.mark.parametrize(
        "source",
        [
            loop(first=CLEAR),
            loop(last=CLEAR),
            loop(first="model.zero_grad()"),
            loop("i % 4 == 3 or i + 1 == len(loader)", first=CLEAR),
            loop("not (i + 1) % 4", first=CLEAR),
            loop("seen >= 32", first=CLEAR, stepped="seen = 0"),
            loop(
                first=CLEAR, middle="print(max(p.grad.data.norm(2) for p in model.parameters() if p.grad is not None))"
            ),
        ],
    )
    def test_what_is_wiped(self, read: Read, source: str) -> None:
        assert read(source)[WipedStep]

    @pytest.mark.parametrize(
        "source",
        [
            loop(stepped=CLEAR),
            loop(start=CLEAR, stepped=CLEAR),
            loop(
                start=CLEAR, stepped=CLEAR, first="if not torch.isfinite(x).all():\n            optimizer.zero_grad()"
            ),
            loop(first="if i % 4 == 0:\n            optimizer.zero_grad()"),
            loop("torch.isfinite(loss)", first=CLEAR),
            loop("epoch >= 2", first=CLEAR),
            loop(first=CLEAR, middle="for p, q in zip(model.parameters(), sums):\n            q += p.grad"),
        ],
    )
    def test_what_is_not(self, read: Read, source: str) -> None:
        assert WipedStep not in read(source)

    def test_what_another_loss_left(self, read: Read) -> None:
        source = """
        generator = nn.Linear(8, 8)
        other = torch.optim.SGD(generator.parameters(), lr=0.1)
        for i, (x, _) in enumerate(loader):
            optimizer.zero_grad()
            fake = generator(torch.randn(8, 8))
            (model(fake).mean() - model(x).mean()).backward()
            optimizer.step()
            other.zero_grad()
            if i % 5 == 0:
                (-model(generator(torch.randn(8, 8))).mean()).backward()
                other.step()
        """

        assert WipedStep not in read(source)


def test_an_optimiser_of_the_groups_of_another(read: Read) -> None:
    source = """
    class Twice(torch.optim.Optimizer):
        def __init__(self, params, base):
            super().__init__(params, dict())
            self.base = base(self.param_groups, lr=0.1)

        def finish(self):
            self.base.step()
            {clear}

    optimizer = Twice(model.parameters(), torch.optim.SGD)
    for x, y in loader:
        F.cross_entropy(model(x), y).backward()
        optimizer.finish()
    """
    (kept,) = {step.gradients for step in read(source.format(clear="self.zero_grad()"))[TrainingStep]}
    *_, piled = (step.gradients for step in read(source.format(clear="pass"))[TrainingStep])

    assert kept == {Gradients.CLEAR}
    assert Gradients.STALE in piled


@pytest.mark.parametrize(("switch", "mode"), [("net.eval()", Mode.EVAL), ("pass", Mode.TRAIN)])
def test_a_wrapper_computes_in_the_mode_of_what_it_wraps(read: Read, switch: str, mode: Mode) -> None:
    source = f"""
    class Sampler(nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net(x) * 2

    net = nn.Sequential(nn.Linear(8, 8), nn.Dropout(), nn.Linear(8, 2))
    sampler = Sampler(net)
    {switch}
    with torch.no_grad():
        for x, y in loader:
            correct = (sampler(x).argmax(1) == y).sum().item()
    """
    (found,) = read(source)[EvaluationPass]

    assert found.forward.modes == {mode}


@pytest.mark.parametrize(
    "check",
    [
        "if len(set(len(a) for a in arrays)) != 1: raise ValueError(arrays)",
        "if len({len(a) for a in arrays}) != 1: raise ValueError(arrays)",
        "assert len({type(a) for a in arrays}) == 1",
    ],
)
def test_equal_members_of_a_set_are_one(read: Read, check: str) -> None:
    source = f"""
    def same(*arrays):
        {check}
        return arrays

    def fit(a, b):
        for x, y in zip(*same(a, b)):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()

    fit(*unknown())
    """

    assert Gradients.STALE in read(source)[TrainingStep][-1].gradients


@pytest.mark.parametrize("made", ["[]", "collections.deque(maxlen=500)"])
def test_a_memory_grows(read: Read, made: str) -> None:
    source = f"""
    import collections, random
    memory = {made}
    for t in range(steps()):
        memory.append(play())
        if len(memory) > 32:
            x, y = zip(*random.sample(memory, 32))
            loss = F.cross_entropy(model(torch.stack(x)), torch.tensor(y))
            loss.backward()
            optimizer.step()
    """

    assert Gradients.STALE in read(source)[TrainingStep][-1].gradients


@pytest.mark.parametrize(
    ("line", "grows"),
    [
        ("average = 0.9 * average + 0.1 * loss", True),
        ("average = 0.1 * loss + average * 0.9", True),
        ("average = average - 0.1 * loss", True),
        ("average = 0.9 * average + 0.1 * loss.item()", False),
        ("average = 0.9 * average + 0.1 * loss.detach()", False),
        ("average = 0.9 * other + 0.1 * loss", False),
    ],
)
def test_a_running_average_keeps_its_terms(read: Read, line: str, grows: bool) -> None:
    source = f"""
    average = other = 0.0
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        {line}
    """

    assert (Accumulation in read(source)) is grows


@pytest.mark.parametrize(
    ("drawn", "spread"),
    [
        ("nn.init.xavier_normal_(layer.weight, gain=20.0)", 20.0),
        ("nn.init.xavier_uniform_(layer.weight)", 1.0),
        ("nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')", 2**0.5),
        ("nn.init.orthogonal_(layer.weight, gain=5)", 5.0),
        ("nn.init.kaiming_normal_(layer.weight, nonlinearity=which())", None),
    ],
)
def test_draws_by_fans(read: Read, drawn: str, spread: float | None) -> None:
    source = f"""
    layer = nn.Linear(64, 64)
    {drawn}
    nn.Sequential(layer, nn.Tanh())(torch.randn(2, 64))
    """
    (found,) = read(source)[WeightInit]
    std = found.init.std

    assert (std and std * 64**0.5) == (spread and pytest.approx(spread))


def test_a_sum_of_products_of_drawn_weights(read: Read) -> None:
    source = """
    class Cell(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Parameter(torch.empty(32, 16))
            self.outer = nn.Parameter(torch.empty(32, 32))
            self.bias = nn.Parameter(torch.zeros(32))
            nn.init.uniform_(self.inner, -2, 2)
            nn.init.normal_(self.outer, 0, 1)

        def forward(self, x, h):
            return torch.tanh(F.linear(x, self.inner) + F.linear(h, self.outer) + self.bias)

    Cell()(torch.randn(4, 16), torch.randn(4, 32))
    """
    found = {one.layer.fan_in: one.init.std for one in read(source)[WeightInit]}

    assert found == {16: pytest.approx(4 / 12**0.5), 32: 1.0}


def test_a_lambda_is_applied_to_what_was_loaded(read: Read) -> None:
    source = """
    model.load_state_dict(torch.load("weights.pt"))
    model.apply(lambda m: m.reset_parameters() if hasattr(m, "reset_parameters") else None)
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    """

    assert read(source)[TrainingStep]


@pytest.mark.parametrize("method", ["forward", "loss_of"])
def test_a_method_left_to_subclasses_gives_something(read: Read, method: str) -> None:
    source = f"""
    class Base(nn.Module):
        def {method}(self, *args):
            raise NotImplementedError("left to subclasses")

        def fit(self, batches):
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
            for x in batches:
                loss = self.{method}(x)
                loss.backward()
                optimizer.step()
    """

    assert Gradients.STALE in read(source)[TrainingStep][-1].gradients


@pytest.mark.parametrize(
    "refusal",
    [
        "if args.data is None:\n    raise ValueError('give --data')",
        "if not args.data:\n    print('usage')\n    sys.exit(2)",
        "if args.kind == 'a':\n    if args.data is None:\n        parser.error('give --data')",
    ],
)
def test_nobody_leaves_an_option_at_a_default_that_is_refused(read: Read, refusal: str) -> None:
    source = f"""
    import argparse, sys

    parser = argparse.ArgumentParser()
    parser.add_argument("--data")
    parser.add_argument("--kind", default="a")
    args = parser.parse_args()
{indent(refusal, "    ")}
    for x, y in loader:
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    """

    assert Gradients.STALE in read(source)[TrainingStep][-1].gradients


def test_an_attribute_may_have_an_empty_name(read: Read) -> None:
    source = """
    class Base(nn.Module):
        prefix = ""

        def __init__(self):
            super().__init__()
            setattr(self, self.prefix, nn.Linear(8, 2))

        def forward(self, x):
            return getattr(self, self.prefix)(x)

    net = Base()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    """

    assert read(source)[TrainingStep]


def test_a_target_predicted_in_evaluation_mode_is_not_trained(read: Read) -> None:
    source = """
    for x, _ in loader:
        model.eval()
        with torch.no_grad():
            target = model(x).softmax(1)
        model.train()
        optimizer.zero_grad()
        F.cross_entropy(model(x), target).backward()
        optimizer.step()
    """

    assert [one.modes for one in read(source)[TrainingStep][-1].forwards] == [{Mode.TRAIN}]
