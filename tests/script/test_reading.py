"""What the static wing understands of a program, and what it refuses to guess."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnlint.evidence.script import (
    Accumulation,
    EvaluationPass,
    Gradients,
    Loader,
    LossCall,
    Mode,
    Network,
    Search,
    TrainingStep,
    Unreadable,
    WeightInit,
    WipedStep,
)
from dnnlint.script.reader import Reader

Read = Callable[..., dict[type, list[Any]]]

HEAD = """
import argparse
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
"""


def _steady(facts: dict[type, list[Any]]) -> frozenset[Gradients]:
    """The gradients of the last step seen: the steady state of the loop."""
    gradients: frozenset[Gradients] = facts[TrainingStep][-1].gradients
    return gradients


CONFIG = """from dataclasses import dataclass
    @dataclass
    class Config:
        mix: bool = True
    config = Config()"""

LOOP = """
model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in batches:
    {before}
    loss = F.cross_entropy(model(x), y)
    {between}
    loss.backward()
    {after}
    optimizer.step()
    {end}
"""


def _loop(**parts: str) -> str:
    return LOOP.format(**{name: parts.get(name, "pass") for name in ("before", "between", "after", "end")})


class TestGradients:
    """The state of gradients follows the optimiser, over the back edge."""

    @pytest.mark.parametrize(
        "parts",
        [
            pytest.param({"before": "optimizer.zero_grad()"}, id="cleared first"),
            pytest.param({"end": "optimizer.zero_grad()"}, id="cleared last"),
            pytest.param({"between": "model.zero_grad(set_to_none=True)"}, id="the network clears"),
            pytest.param({"end": "for p in model.parameters(): p.grad = None"}, id="set to None by hand"),
            pytest.param({"before": "for p in model.parameters():\n        p.grad.zero_()"}, id="zeroed by hand"),
            pytest.param({"before": "if unknown: optimizer.zero_grad()"}, id="cleared on some path"),
            pytest.param({"before": "helper(optimizer)"}, id="handed to something unknown"),
        ],
    )
    def test_cleared_gradients_are_never_certainly_stale(self, read: Read, parts: dict[str, str]) -> None:
        gradients = _steady(read(_loop(**parts)))

        assert Gradients.STALE not in gradients or gradients & {Gradients.CLEAR, Gradients.UNKNOWN}

    @pytest.mark.parametrize(
        "parts",
        [
            pytest.param({}, id="nothing clears"),
            pytest.param({"after": "print(optimizer)"}, id="printing clears nothing"),
            pytest.param({"after": "nn.utils.clip_grad_norm_(model.parameters(), 1.0)"}, id="clipping clears nothing"),
            pytest.param(
                {"before": "other = torch.optim.Adam([torch.zeros(1)]); other.zero_grad()"}, id="another clears"
            ),
        ],
    )
    def test_gradients_that_nothing_clears_are_stale(self, read: Read, parts: dict[str, str]) -> None:
        assert _steady(read(_loop(**parts))) == {Gradients.STALE}

    def test_a_clear_between_backward_and_step_is_named(self, read: Read) -> None:
        facts = read(_loop(after="optimizer.zero_grad()"))

        assert len(facts[WipedStep]) == 1

    def test_a_clear_followed_by_another_backward_wipes_nothing(self, read: Read) -> None:
        facts = read(_loop(after="optimizer.zero_grad(); F.cross_entropy(model(x), y).backward()"))

        assert WipedStep not in facts

    def test_a_step_written_by_hand_is_a_step(self, read: Read) -> None:
        source = """
        model = nn.Linear(4, 1)
        for x, y in batches:
            F.mse_loss(model(x), y).backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= 0.1 * p.grad
        """

        assert _steady(read(source)) == {Gradients.STALE}

    def test_the_state_is_followed_through_objects_and_files(self, read: Read) -> None:
        engine = """
        class Engine:
            def __init__(self, model, lr):
                self.model, self.opt = model, torch.optim.Adam(model.parameters(), lr)

            def update(self, x, y):
                F.mse_loss(self.model(x), y).backward()
                self.opt.step()
        """
        source = """
        from engine import Engine
        engine = Engine(nn.Linear(3, 1), 1e-3)
        for x, y in batches:
            engine.update(x, y)
        """

        assert _steady(read(source, engine=engine)) == {Gradients.STALE}


class TestModes:
    """Modes are followed through helpers, context managers and early returns."""

    HEAD = """
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def evaluate():
        {evaluate}

    for epoch in range(3):
        {head}
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        evaluate()
    """

    def _forward(self, read: Read, head: str, evaluate: str) -> Any:
        facts = read(self.HEAD.format(head=head, evaluate=evaluate))
        return facts[TrainingStep][-1].forwards[0]

    def test_eval_is_in_force_over_the_back_edge(self, read: Read) -> None:
        forward = self._forward(read, "pass", "model.eval()")

        assert forward.modes == {Mode.EVAL}
        assert forward.mode_set is not None

    @pytest.mark.parametrize(
        ("head", "evaluate"),
        [
            pytest.param("model.train()", "model.eval()", id="train at the head of the epoch"),
            pytest.param("pass", "model.eval(); model.train()", id="restored at once"),
            pytest.param("pass", "was = model.training; model.eval(); model.train(was)", id="restored from a flag"),
            pytest.param("pass", "pass", id="never evaluated"),
        ],
    )
    def test_a_restored_mode_is_training(self, read: Read, head: str, evaluate: str) -> None:
        forward = self._forward(read, head, evaluate)

        assert forward.modes == {Mode.TRAIN}
        assert forward.left is None

    def test_evaluation_on_some_iterations_is_remembered(self, read: Read) -> None:
        forward = self._forward(read, "if unknown(): model.train()", "model.eval()")

        assert Mode.EVAL in forward.modes
        assert forward.left is not None

    def test_a_return_from_no_grad_ends_no_grad(self, read: Read) -> None:
        source = """
        model = nn.Linear(4, 2)

        def predict(x):
            if unknown:
                with torch.no_grad():
                    return model(x)
            return None

        predict(torch.zeros(1, 4))
        total = 0
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            total += loss
        """

        assert len(read(source)[Accumulation]) == 1

    def test_phases_of_a_literal_loop_are_told_apart(self, read: Read) -> None:
        source = """
        model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(), nn.Linear(8, 2))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(2):
            for phase in ["train", "val"]:
                model.train() if phase == "train" else model.eval()
                for x, y in loaders[phase]:
                    with torch.set_grad_enabled(phase == "train"):
                        loss = F.cross_entropy(model(x), y)
                        if phase == "train":
                            optimizer.zero_grad()
                            loss.backward()
                            optimizer.step()
        """
        facts = read(source)

        assert facts[TrainingStep][-1].forwards[0].modes == {Mode.TRAIN}
        assert facts[EvaluationPass][-1].forward.modes == {Mode.EVAL}


class TestValues:
    """Values come through options, defaults and configurations; anything else is unknown."""

    LOADER = """
    {setup}
    data = TensorDataset(torch.zeros(8, 2), torch.zeros(8))
    loader = DataLoader(data, batch_size=4, shuffle={value})
    """

    @pytest.mark.parametrize(
        ("setup", "value", "shuffle"),
        [
            pytest.param("", "True", True, id="literal"),
            pytest.param("SHUFFLE = False", "SHUFFLE", False, id="module constant"),
            pytest.param(
                "p = argparse.ArgumentParser(); p.add_argument('--mix', action='store_true'); args = p.parse_args()",
                "args.mix",
                False,
                id="flag of argparse",
            ),
            pytest.param(
                CONFIG,
                "config.mix",
                True,
                id="dataclass default",
            ),
            pytest.param("config = {'data': {'mix': False}}", "config['data']['mix']", False, id="nested dict"),
            pytest.param("def pick(mix=False): return not mix", "pick()", True, id="through a call"),
            pytest.param("sampler = None", "sampler is None", True, id="a test on None"),
            pytest.param("import elsewhere", "elsewhere.MIX", None, id="unknown stays unknown"),
            pytest.param("import sys", "len(sys.argv) > 1", None, id="the command line is unknown"),
        ],
    )
    def test_shuffle(self, read: Read, setup: str, value: str, shuffle: bool | None) -> None:
        (loader,) = read(self.LOADER.format(setup=setup, value=value))[Loader]

        assert loader.shuffle is shuffle


class TestNetworks:
    """Networks are data flow: constructor, containers, helpers and forward."""

    @pytest.mark.parametrize(
        "network",
        [
            pytest.param("nn.Sequential(nn.Linear(4, 2), nn.Softmax(dim=1))", id="Sequential"),
            pytest.param("nn.Sequential(*[nn.Linear(4, 2), nn.Softmax(dim=1)])", id="a starred list"),
            pytest.param("make(nn.Softmax)", id="a helper that is given the class"),
            pytest.param("Net()", id="a class with forward"),
            pytest.param("Wrapped(Net())", id="a class around a class"),
            pytest.param("nn.DataParallel(Net()).to('cpu')", id="a wrapper"),
        ],
    )
    def test_the_last_operation_before_the_loss(self, read: Read, network: str) -> None:
        source = f"""
        def make(kind):
            layers = [nn.Linear(4, 2)]
            layers.append(kind(dim=1))
            return nn.Sequential(*layers)

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 2)

            def forward(self, x):
                out = self.fc(x)
                out = F.softmax(out, dim=1)
                return out.view(-1, 2)

        class Wrapped(nn.Module):
            def __init__(self, inner):
                super().__init__()
                self.inner = inner

            def forward(self, x):
                return self.inner(x)

        model = {network}
        loss = nn.CrossEntropyLoss()(model(torch.zeros(3, 4)), torch.zeros(3).long())
        """
        (loss,) = read(source)[LossCall]

        assert loss.known
        assert [operation.kind for operation in loss.last] == ["softmax"]

    def test_branches_that_disagree_are_both_reported(self, read: Read) -> None:
        source = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 2)

            def forward(self, x):
                x = self.fc(x)
                if self.training:
                    return x
                return F.softmax(x, dim=1)

        model = Net()
        F.cross_entropy(model(torch.zeros(3, 4)), target)
        model.eval()
        F.cross_entropy(model(torch.zeros(3, 4)), target)
        """
        losses = read(source)[LossCall]

        assert [[operation.kind for operation in loss.last] for loss in losses] == [["linear"], ["softmax"]]

    def test_unknown_code_in_between_makes_the_end_unknown(self, read: Read) -> None:
        (loss,) = read("model = nn.Linear(4, 2)\nF.cross_entropy(mystery(model(x)) if z else model(x), y)")[LossCall]

        assert not loss.known

    def test_initial_spread_and_fan_in(self, read: Read) -> None:
        source = """
        class Net(nn.Module):
            def __init__(self, std=2.0):
                super().__init__()
                self.fc = nn.Linear(100, 10)
                for m in self.modules():
                    if isinstance(m, nn.Linear):
                        nn.init.normal_(m.weight, std=std)

            def forward(self, x):
                return torch.tanh(self.fc(x))

        Net()(torch.zeros(1, 100))
        """
        (init,) = read(source)[WeightInit]

        assert (init.layer.fan_in, init.init.std) == (100, 2.0)
        assert [operation.kind for operation in init.activations] == ["tanh"]

    def test_layers_in_a_list_of_another_file(self, read: Read) -> None:
        blocks = "def blocks(n):\n    return [nn.Linear(4, 4) for _ in range(n)]\n"
        source = """
        from parts import blocks

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = blocks(3)

            def forward(self, x):
                for block in self.blocks:
                    x = block(x)
                return x

        Net()
        """
        networks = read(source, parts=blocks)[Network]

        assert [stray.attribute for network in networks for stray in network.stray] == ["blocks"]


def test_a_grid_of_nested_loops_names_its_axes(read: Read) -> None:
    source = """
    def train(lr, dropout, hidden):
        model = nn.Sequential(nn.Linear(4, hidden), nn.Dropout(dropout), nn.Linear(hidden, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        for epoch in range(5):
            optimizer.zero_grad()
            model(torch.zeros(2, 4)).mean().backward()
            optimizer.step()

    for lr in [0.1, 0.01]:
        for dropout in (0.1, 0.5):
            for hidden in [8, 16]:
                train(lr, dropout, hidden)
    """
    search = read(source)[Search][-1]

    assert [(axis.name, axis.values) for axis in search.axes] == [("lr", 2), ("dropout", 2), ("hidden", 2)]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def f(n): return f(n - 1)\nf(3).backward()", id="endless recursion"),
        pytest.param("x = []; x.append(x)\nfor y in x: y.backward()", id="a list that holds itself"),
        pytest.param("m = nn.ModuleList(); m.append(m); m.eval()", id="a module that holds itself"),
        pytest.param("while True:\n    pass\nloss.backward()", id="a loop without end"),
        pytest.param("from nowhere import *\nfrom . import also_nowhere\nx.y.z().backward()", id="missing modules"),
        pytest.param("import train\nfrom train import *\ntrain.x.backward()", id="a script that imports itself"),
        pytest.param("y = x" + ".relu()" * 600 + "\ny.backward()", id="a chain of 600 calls"),
        pytest.param("z = " + " + ".join(f"a{i}" for i in range(2000)) + "\nz.backward()", id="a sum of 2,000 terms"),
        pytest.param(
            "if x == 0: y = 0\n" + "".join(f"elif x == {i}: y = {i}\n" for i in range(1, 1200)) + "y.backward()",
            id="1,200 elifs",
        ),
    ],
)
def test_wreckage_is_survived(read: Read, source: str) -> None:
    assert Unreadable not in read(source)


_NAMES = st.sampled_from(["model", "opt", "x", "loss"])
_LINES = st.one_of(
    st.builds("{} = {}".format, _NAMES, _NAMES),
    st.builds("{} = [{}, {}]".format, _NAMES, _NAMES, _NAMES),
    st.builds("{}.append({})".format, _NAMES, _NAMES),
    st.builds("{}.{} = {}".format, _NAMES, _NAMES, _NAMES),
    st.builds("{} = {}({})".format, _NAMES, _NAMES, _NAMES),
    st.builds("{} = {}[{}]".format, _NAMES, _NAMES, _NAMES),
    st.builds("{} += {}".format, _NAMES, _NAMES),
    st.builds(
        "{}.{}()".format, _NAMES, st.sampled_from(["backward", "step", "zero_grad", "eval", "train", "parameters"])
    ),
    st.builds("for {} in {}: {} = {}".format, _NAMES, _NAMES, _NAMES, _NAMES),
    st.builds("if {}: {} = {}".format, _NAMES, _NAMES, _NAMES),
    st.builds("{} = nn.Sequential({}, nn.ReLU())".format, _NAMES, _NAMES),
    st.builds("{} = torch.optim.SGD({}, lr=0.1)".format, _NAMES, _NAMES),
    st.builds("def {}(x, *a, **k): return {}".format, _NAMES, _NAMES),
    st.just("model = nn.Linear(2, 2)"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_LINES, max_size=14))
def test_any_program_is_read_without_a_crash(lines: list[str]) -> None:
    source = (HEAD + "\n".join(lines) + "\n# backward\n").encode()

    assert all(not isinstance(fact, Unreadable) for fact in Reader(["."]).read("anything.py", source).facts)
