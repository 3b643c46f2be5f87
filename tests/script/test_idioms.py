"""Idioms of training code: what each of them means, and what must not be made of them."""

from collections.abc import Callable
from textwrap import dedent, indent
from typing import Any

import pytest

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

Read = Callable[..., dict[type, list[Any]]]

HEAD = """
import collections
import itertools
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
"""


def _steady(facts: dict[type, list[Any]]) -> frozenset[Gradients]:
    gradients: frozenset[Gradients] = facts[TrainingStep][-1].gradients
    return gradients


class TestClearing:
    """Gradients are cleared in many ways; each of them counts."""

    SOURCE = """
    w = torch.randn(4, 2, requires_grad=True)
    b = torch.zeros(2, requires_grad=True)
    params = [w, b]
    optimizer = torch.optim.SGD(params, lr=0.1)

    def reset():
        for p in params:
            if p.grad is not None:
{clear}

    for x, y in batches:
        F.cross_entropy(x @ w + b, y).backward()
        optimizer.step()
        reset()
    """

    @pytest.mark.parametrize(
        "clear",
        [
            "p.grad = None",
            "p.grad.zero_()",
            "p.grad.data.zero_()",
            "p.grad.detach_(); p.grad.zero_()",
            "p.grad.fill_(0)",
            "p.grad *= 0",
            "p.grad = torch.zeros_like(p)",
            "p.grad = p.new_zeros(p.shape)",
            "p.grad.data = torch.zeros_like(p.grad)",
            "data = p.grad.data\np.grad = torch.autograd.Variable(data.new().resize_as_(data).zero_())",
            "p.grad = elsewhere(p)",
        ],
    )
    def test_by_hand(self, read: Read, clear: str) -> None:
        gradients = _steady(read(self.SOURCE.format(clear=indent(clear, " " * 16))))

        assert Gradients.STALE not in gradients or gradients & {Gradients.CLEAR, Gradients.UNKNOWN}

    def test_groups_of_a_comprehension_belong_to_their_network(self, read: Read) -> None:
        source = """
        from transformers import AdamW, BertPreTrainedModel

        class Tagger(BertPreTrainedModel):
            def forward(self, ids):
                return self.bert(ids).mean()

        model = Tagger.from_pretrained("bert")
        groups = [
            {"params": [p for n, p in model.named_parameters() if "bias" not in n]},
            {"params": [p for n, p in model.named_parameters() if "bias" in n], "weight_decay": 0.0},
        ]
        optimizer = AdamW(groups)
        for batch in batches:
            model(batch).backward()
            optimizer.step()
            model.zero_grad()
        """

        assert Gradients.STALE not in _steady(read(source))

    def test_a_part_that_one_branch_clears_is_not_cleared_on_the_other(self, read: Read) -> None:
        source = """
        a, b = nn.Linear(2, 2), nn.Linear(2, 2)
        optimizer = torch.optim.SGD([*a.parameters(), *b.parameters()], lr=0.1)
        for x, y in batches:
            F.cross_entropy(b(a(x)), y).backward()
            optimizer.step()
            if unknown():
                a.zero_grad()
            b.zero_grad()
        """

        assert Gradients.UNKNOWN in _steady(read(source))

    def test_a_gradient_looked_at_only_after_it_was_wiped_is_lost(self, read: Read) -> None:
        source = """
        class Clipped:
            def __init__(self, params):
                self.params = list(params)
                self.inner = torch.optim.SGD(self.params, lr=0.1)

            def step(self):
                norm = sum(p.grad.data.norm() for p in self.params)
                self.inner.step()

        model = nn.Linear(4, 2)
        optim = Clipped(model.parameters())
        for x, y in batches:
            F.cross_entropy(model(x), y).backward()
            model.zero_grad()
            optim.step()
        """

        assert len(read(source)[WipedStep]) == 1

    def test_a_training_step_inside_a_forward_is_run_each_time(self, read: Read) -> None:
        source = """
        class Meta(nn.Module):
            def __init__(self):
                super().__init__()
                self.vars = nn.ParameterList([nn.Parameter(torch.ones(2, 4))])
                self.optimizer = torch.optim.Adam(self.parameters())

            def parameters(self):
                return self.vars

            def forward(self, x, y):
                F.cross_entropy(F.linear(x, self.vars[0]), y).backward()
                self.optimizer.step()

        meta = Meta()
        for x, y in batches:
            meta(x, y)
        """

        assert _steady(read(source)) == {Gradients.STALE}

    def test_lightning_by_hand(self, read: Read) -> None:
        source = """
        import lightning as L

        class Gan(L.LightningModule):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False
                self.g, self.d = nn.Linear(2, 2), nn.Linear(2, 1)

            def configure_optimizers(self):
                return torch.optim.Adam(self.g.parameters()), torch.optim.Adam(self.d.parameters())

            def training_step(self, batch, index):
                first, second = self.optimizers()
                first.zero_grad()
                self.manual_backward(self.d(self.g(batch)).mean())
                first.step()
                self.manual_backward(self.d(batch).mean())
                second.zero_grad()
                second.step()
        """

        assert len(read(source)[WipedStep]) == 1


class TestModes:
    """Where several objects may be meant, or a mode is set on one path only."""

    def test_each_of_several_possible_networks_is_restored(self, read: Read) -> None:
        source = """
        import apex

        def validate(model):
            model.eval()
            model(torch.zeros(1, 4))
            model.train()

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc, self.drop = nn.Linear(4, 2), nn.Dropout(0.5)

            def forward(self, x):
                return self.fc(self.drop(x))

        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        if half:
            model, optimizer = apex.amp.initialize(model, optimizer)
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            validate(model)
        """

        assert all(forward.left is None for step in read(source)[TrainingStep] for forward in step.forwards)

    def test_a_mode_set_on_one_path_is_not_certain(self, read: Read) -> None:
        source = """
        model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        if unknown():
            model.eval()
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        """

        assert read(source)[TrainingStep][-1].forwards[0].modes == {Mode.EVAL, Mode.TRAIN}

    def test_a_layer_with_a_constructor_of_its_own_is_a_layer(self, read: Read) -> None:
        source = """
        class Block(nn.Sequential):
            def __init__(self, width):
                super().__init__(nn.Linear(width, width), nn.Dropout(0.5))

        model = Block(4)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for x, y in batches:
            model.eval()
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        """
        (forward,) = read(source)[TrainingStep][-1].forwards

        assert (forward.modes, forward.mode_dependent, forward.optimized) == ({Mode.EVAL}, True, True)

    def test_a_count_of_an_object_is_no_constant(self, read: Read) -> None:
        source = """
        class Engine:
            def __init__(self):
                self.net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
                self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1)
                self.count = 0

            def update(self, x, y):
                self.count += 1
                self.optimizer.zero_grad()
                F.cross_entropy(self.net(x), y).backward()
                self.optimizer.step()

        engine = Engine()
        for x, y in batches:
            engine.update(x, y)
            if engine.count % 500 == 0:
                engine.net.eval()
        """

        assert Mode.EVAL in read(source)[TrainingStep][-1].forwards[0].modes

    @pytest.mark.parametrize("batch", ["next(iter(test_loader))", "next(enumerate(test_loader))[1]"])
    def test_a_single_batch_of_held_out_data(self, read: Read, batch: str) -> None:
        source = f"""
        model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        train_loader, test_loader = DataLoader(train_data, shuffle=True), DataLoader(test_data)
        for x, y in train_loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            held, wanted = {batch}
            print(model(held).argmax(1) == wanted)
        """

        assert [found.forward.modes for found in read(source)[EvaluationPass]] == [{Mode.TRAIN}]


class TestAccumulation:
    """What is kept over iterations, with its graph or without."""

    SOURCE = """
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    {before}
    for x, y in loader:
        out = model(x)
        loss = F.cross_entropy(out, y)
        parts = {{"a": loss, "b": out.mean()}}
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
{keep}
    """

    @pytest.mark.parametrize(
        ("before", "keep"),
        [
            pytest.param(
                "seen = collections.defaultdict(list)",
                "for name, value in parts.items():\n    seen[name].append(value.cpu())",
                id="a defaultdict of lists",
            ),
            pytest.param(
                "seen = {'a': 0.0, 'b': 0.0}", "for name in parts:\n    seen[name] += parts[name]", id="a dict of sums"
            ),
            pytest.param(
                "seen = [0] * 2", "for i, value in enumerate([loss, out]):\n    seen[i] += value", id="a list of sums"
            ),
            pytest.param("seen = 0", "seen += loss", id="a sum"),
        ],
    )
    def test_graphs_that_stay(self, read: Read, before: str, keep: str) -> None:
        assert read(self.SOURCE.format(before=before, keep=indent(keep, " " * 8)))[Accumulation]

    @pytest.mark.parametrize(
        ("before", "keep"),
        [
            pytest.param("seen = 0", "seen = seen + loss\nseen = seen.data", id="cut off on the next line"),
            pytest.param("seen = []", "seen.append(y)", id="labels"),
            pytest.param("seen = []", "seen = []\nseen.append(loss)", id="a list of one iteration"),
            pytest.param(
                "seen = 0", "seen = {}\nfor name in parts:\n    seen[name] = parts[name]", id="a dict of one iteration"
            ),
            pytest.param(
                "seen = 0", "seen = 0\nfor name in parts:\n    seen += parts[name]", id="a sum of one iteration"
            ),
        ],
    )
    def test_graphs_that_go(self, read: Read, before: str, keep: str) -> None:
        assert Accumulation not in read(self.SOURCE.format(before=before, keep=indent(keep, " " * 8)))

    def test_labels_of_a_loader_that_is_not_known(self, read: Read) -> None:
        source = """
        def train(model, optimizer, data_loader):
            kept = []
            for inputs, labels in data_loader:
                optimizer.zero_grad()
                loss = mystery(model, inputs, labels)
                loss.backward()
                optimizer.step()
                kept.append(labels)
        """

        assert Accumulation not in read(source)

    def test_lightning(self, read: Read) -> None:
        source = """
        import lightning as L

        class Net(L.LightningModule):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 2)
                self.history = []

            def training_step(self, batch, index):
                x, y = batch
                loss = F.cross_entropy(self.fc(x), y)
                self.history.append(loss)
                return loss
        """

        assert [kept.target for kept in read(source)[Accumulation]] == ["self.history"]


class TestNetworks:
    """Layers, losses and weights in their rarer forms."""

    def test_a_loss_of_a_class_of_its_own(self, read: Read) -> None:
        source = """
        class Smooth(nn.CrossEntropyLoss):
            pass

        model = nn.Sequential(nn.Linear(4, 2), nn.Softmax(1))
        Smooth()(model(torch.zeros(1, 4)), target).backward()
        """
        (loss,) = read(source)[LossCall]

        assert (loss.kind, [last.kind for last in loss.last]) == ("CrossEntropyLoss", ["softmax"])

    def test_layers_handed_on_by_the_network_that_makes_them(self, read: Read) -> None:
        source = """
        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 4)

        class Stack(nn.Module):
            def __init__(self, layers):
                super().__init__()
                self.layers = layers

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.stack = Stack([Layer() for _ in range(3)])

        model = Net()
        """
        networks = read(source)[Network]

        assert [stray.attribute for network in networks for stray in network.stray] == ["layers"]

    def test_layers_with_optimisers_of_their_own_are_no_strays(self, read: Read) -> None:
        source = """
        class Layer(nn.Linear):
            def __init__(self, width):
                super().__init__(width, width)
                self.optimizer = torch.optim.Adam(self.parameters())

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = [Layer(4), Layer(4)]

        model = Net()
        """

        assert not [network for network in read(source).get(Network, []) if network.stray]

    @pytest.mark.parametrize(
        ("draw", "apply"),
        [
            ("w = torch.randn(100, 10, requires_grad=True)", "torch.tanh(x @ w + b)"),
            ("w = torch.randn((100, 10)); w.requires_grad = True", "torch.mm(x, w).add(b).tanh()"),
            ("w = nn.Parameter(torch.randn(10, 100))", "torch.sigmoid(F.linear(x, w, b))"),
            ("w = torch.randn(*[100, 10]).requires_grad_()", "torch.tanh(x @ w)"),
        ],
    )
    def test_weights_that_are_no_layer(self, read: Read, draw: str, apply: str) -> None:
        (drawn,) = read(f"x = elsewhere()\n{draw}\nb = torch.zeros(10)\nh = {apply}\nh.sum().backward()")[WeightInit]

        assert (drawn.layer.fan_in, drawn.layer.units, drawn.init.std) == (100, 10, 1.0)

    def test_weights_that_do_not_learn(self, read: Read) -> None:
        assert WeightInit not in read("w = torch.randn(100, 10)\ntorch.tanh(x @ w).sum().backward()")

    def test_an_initialiser_that_asks_for_the_name_of_a_class(self, read: Read) -> None:
        source = """
        def init(m):
            name = m.__class__.__name__
            if name.find("Conv") != -1:
                m.weight.data.normal_(0, 0.1)
            elif name.find("Linear") != -1:
                m.weight.data.normal_(0, 2)

        model = nn.Sequential(nn.Linear(10, 10), nn.Tanh())
        model.apply(init)
        model(torch.zeros(1, 10)).sum().backward()
        """
        (drawn,) = read(source)[WeightInit]

        assert drawn.init.std == 2

    @pytest.mark.parametrize(("factor", "activations"), [("limit", ["tanh"]), ("torch.sigmoid(self.gate(x))", [])])
    def test_a_setting_scales_and_a_tensor_gates(self, read: Read, factor: str, activations: list[str]) -> None:
        source = f"""
        class Actor(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc, self.gate = nn.Linear(10, 2), nn.Linear(10, 2)
                nn.init.normal_(self.fc.weight, std=2.0)

            def forward(self, x):
                return {factor} * torch.tanh(self.fc(x))

        Actor()(torch.zeros(1, 10)).sum().backward()
        """
        (drawn,) = read(f"limit = env.high\n{dedent(source)}")[WeightInit]

        assert [operation.kind for operation in drawn.activations] == activations

    @pytest.mark.parametrize(("transform", "bounded"), [("T.ToTensor()", True), ("T.Normalize((0.5,), (0.5,))", False)])
    def test_normalised_images_have_both_signs(self, read: Read, transform: str, bounded: bool) -> None:
        source = f"""
        from torchvision import datasets, transforms as T
        model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        data = datasets.ImageFolder("faces", transform=T.Compose([{transform}]))
        for img, _ in DataLoader(data, shuffle=True):
            F.mse_loss(model(img), img).backward()
        """

        assert [loss.bounded_target for loss in read(source)[LossCall]] == [bounded]


def test_lightning_trains_on_the_loader_that_fit_is_given(read: Read) -> None:
    source = """
    import pytorch_lightning as pl
    train, held = DataLoader(data), DataLoader(data)
    pl.Trainer().fit(model, train, held)
    # backward
    """

    assert [loader.trains for loader in read(source)[Loader]] == [True, False]


@pytest.mark.parametrize(
    "search",
    [
        pytest.param(
            "for args.lr in [0.1, 0.01]:\n    for args.dropout in [0.1, 0.5]:\n        train(args.lr, args.dropout)",
            id="attributes as targets",
        ),
        pytest.param(
            "[train(**point) for point in expand({'lr': [0.1, 0.01], 'dropout': [0.1, 0.5]})]", id="a generator"
        ),
        pytest.param("[train(*p) for _ in '12' for p in itertools.product([1, 2], [0.1, 0.2])]", id="a comprehension"),
    ],
)
def test_lattices(read: Read, search: str) -> None:
    source = f"""
def expand(space):
    keys = list(space)
    for values in itertools.product(*(space[key] for key in keys)):
        yield dict(zip(keys, values))

def train(lr, dropout):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(dropout))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    optimizer.zero_grad()
    model(torch.zeros(2, 4)).mean().backward()
    optimizer.step()

{search}
"""

    assert {len(found.axes) for found in read(source)[Search]} == {2}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("nn.Sequential(nn.Linear(1, 1), None)(torch.zeros(1)).backward()", id="a layer that is None"),
        pytest.param("'{:>2000000000}'.format('a')", id="a format that pads"),
        pytest.param("'{:{}}'.format('a', 10 ** 9)", id="a format that pads by an argument"),
        pytest.param("f'{1:>2000000000}'", id="an f-string that pads"),
        pytest.param("b'%2000000000d' % 1", id="a percent format"),
        pytest.param("'a' * 10 ** 9; [0] * 10 ** 9; 'a'.ljust(10 ** 9).zfill(10 ** 9)", id="long sequences"),
        pytest.param("10 ** 10 ** 8; 1 << 10 ** 9; f'{4096 ** 4096}'", id="large numbers"),
        pytest.param("list(range(10 ** 12)); list(range(10 ** 30))", id="long ranges"),
        pytest.param(
            "s, t = 'ab', (1, 2)\nfor i in range(20):\n    for j in range(20):\n"
            "        s, t = s + s, t + t\n        s = f'{s}{s}'",
            id="doubling",
        ),
        pytest.param(
            "class A: pass\nclass B(A): pass\nclass C(A, B): pass\nC().x.backward()", id="bases that contradict"
        ),
    ],
)
def test_what_would_cost_too_much_is_not_worked_out(read: Read, source: str) -> None:
    assert Unreadable not in read(source + "\n# backward\n")


def test_the_next_class_in_line_is_the_one_python_takes(read: Read) -> None:
    source = """
    class Base(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def head(self, x):
            return x

        def forward(self, x):
            return self.head(self.fc(x))

    class Left(Base):
        pass

    class Right(Base):
        def head(self, x):
            return torch.softmax(x, 1)

    class Both(Left, Right):
        pass

    F.cross_entropy(Both()(torch.zeros(1, 4)), y).backward()
    """
    (loss,) = read(source)[LossCall]

    assert [operation.kind for operation in loss.last] == ["softmax"]
