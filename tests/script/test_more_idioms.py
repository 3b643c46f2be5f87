"""Idioms that were missed once on code nobody had seen, and false alarms that came from mixing up two calls."""

from collections.abc import Callable
from typing import Any

import pytest

from dnnlint.evidence.script import Gradients, Loader, LossCall, Search, TrainingStep, WeightInit

Read = Callable[[str], dict[type, list[Any]]]

HEAD = """
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision import datasets
"""


RAW = """
    X = torch.randn(10, 3)
    y = (X[:, 0] > 0).float()
    w = torch.zeros(3, requires_grad=True)
    for epoch in range(300):
        nll = F.binary_cross_entropy_with_logits(X @ w, y)
        nll.backward()
        with torch.no_grad():
            w -= 0.5 * w.grad
            {}
"""


@pytest.mark.parametrize(("clear", "piles_up"), [("pass", True), ("w.grad.zero_()", False), ("w.grad = None", False)])
def test_plain_tensors_are_parameters_where_there_is_no_network(read: Read, clear: str, piles_up: bool) -> None:
    assert (Gradients.STALE in read(RAW.format(clear))[TrainingStep][-1].gradients) is piles_up


def test_an_input_that_is_attacked_is_no_parameter(read: Read) -> None:
    facts = read("""
        model = nn.Linear(3, 2)
        delta = torch.zeros(8, 3, requires_grad=True)
        for step in range(10):
            loss = F.cross_entropy(model(torch.randn(8, 3) + delta), torch.zeros(8).long())
            loss.backward()
            with torch.no_grad():
                delta -= 0.1 * delta.grad
    """)

    assert TrainingStep not in facts


@pytest.mark.parametrize(
    ("call", "kind"),
    [("clamp(min=0)", "relu"), ("clamp(0)", "relu"), ("clamp_min(0.0)", "relu"), ("clamp(0, 1)", "clamp")],
)
def test_a_clamp_at_zero_is_a_rectifier(read: Read, call: str, kind: str) -> None:
    facts = read(f"""
        model = nn.Linear(3, 1)
        loss = F.mse_loss(model(torch.randn(8, 3)).{call}, torch.randn(8, 1))
        loss.backward()
    """)

    assert [end.kind for end in facts[LossCall][0].last] == [kind]


GRID = """
    def fit(config):
        model = nn.Linear(3, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=config["lr"])
        for step in range(10):
            optimizer.zero_grad()
            F.cross_entropy(model(torch.randn(8, 3)), torch.zeros(8).long()).backward()
            optimizer.step()

    {}
    for number, config in enumerate(configs):
        fit(config)
"""


@pytest.mark.parametrize("values", ["(0.1, 0.2)", "(0.1, 0.2, 0.3)"])  # few members are told apart, many are not
def test_a_list_of_settings_from_several_clauses_is_a_grid(read: Read, values: str) -> None:
    configs = f"""configs = [
        dict(lr=lr, depth=depth, base=base) for lr in {values} for depth in (2, 3) for base in (8, 16)
    ]"""
    (search,) = read(GRID.format(configs))[Search]

    assert [axis.name for axis in search.axes] == ["lr", "depth", "base"]


def test_a_list_of_settings_over_seeds_is_no_grid(read: Read) -> None:
    configs = "configs = [dict(lr=0.1, seed=seed, fold=fold) for seed in (1, 2, 3) for fold in (0, 1)]"

    assert Search not in read(GRID.format(configs))


def test_what_lightning_trains_on(read: Read) -> None:
    facts = read("""
        import lightning as L

        class Data(L.LightningDataModule):
            def __init__(self, folder):
                super().__init__()
                self.folder = folder

            def setup(self, stage=None):
                self.train_set = datasets.MNIST(self.folder)
                self.held_out = datasets.MNIST(self.folder, train=False)

            def train_dataloader(self):
                return DataLoader(self.train_set, 64)

            def val_dataloader(self):
                return DataLoader(self.held_out, 64)
    """)
    training, *others = facts[Loader]

    assert (training.trains, training.iterable, training.batch_size) == (True, False, 64)
    assert not any(loader.trains for loader in others)


def test_a_part_of_random_data_has_no_order(read: Read) -> None:
    facts = read("""
        from torch.utils.data import Dataset, Subset
        import lightning as L

        class Noise(Dataset):
            def __init__(self, count):
                self.data = torch.randn(count, 32)

            def __len__(self):
                return len(self.data)

            def __getitem__(self, index):
                return self.data[index]

        class Data(L.LightningDataModule):
            def train_dataloader(self):
                return DataLoader(Subset(Noise(256), range(64)), 8)
    """)
    (training,) = facts[Loader]

    assert training.ordered


def test_children_by_name(read: Read) -> None:
    facts = read("""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(100, 10)

            def draw(self, std):
                for name in self._modules:
                    nn.init.normal_(self._modules[name].weight, 0.0, std)

            def forward(self, x):
                return torch.tanh(self.layer(x))

        net = Net()
        net.draw(std=2.0)
        net(torch.randn(8, 100)).sum().backward()
    """)

    assert [fact.init.std for fact in facts[WeightInit]] == [2.0]


def test_data_on_one_of_two_devices_belongs_to_its_own_call(read: Read) -> None:
    facts = read("""
        training = DataLoader(datasets.MNIST("."), 64, shuffle=True)
        held_out = DataLoader(datasets.MNIST(".", train=False), 64)
        use_gpu = torch.cuda.is_available()
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(10):
            for image, label in training:
                if use_gpu:
                    image = image.cuda()
                optimizer.zero_grad()
                F.cross_entropy(model(image), label).backward()
                optimizer.step()
            model.eval()
            for image, label in held_out:
                if use_gpu:
                    image = image.cuda()
                F.cross_entropy(model(image), label)
    """)

    assert [(loader.shuffle, loader.trains) for loader in facts[Loader]] == [(True, True), (False, False)]
