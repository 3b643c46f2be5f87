"""What reading tells about data: pipelines, roles, splits, leaks, samplers and workers."""

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from dnnlint.evidence.script import Rounds, WorkerRandomness
from dnnlint.evidence.script.data import InputScale, Leak, Loader, Split

Read = Callable[..., dict[type, list[Any]]]

HEAD = """
import numpy as np
import pandas as pd
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import ConcatDataset, DataLoader, Dataset, DistributedSampler, Subset, TensorDataset
from torch.utils.data import IterableDataset, SubsetRandomSampler, random_split
from torchvision import datasets, models, transforms
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, StandardScaler

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc(x.flatten(1))

model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

def train(loader, model=model):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

def evaluate(loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum() for x, y in loader)
"""


def _kinds(facts: dict[type, list[Any]], which: type) -> list[str]:
    return [fact.kind for fact in facts.get(which, ())]


class TestLeaks:
    """Evaluation data that had a part in training."""

    @pytest.mark.parametrize(
        "source",
        [
            "X = StandardScaler().fit_transform(X)\na, b, c, d = train_test_split(X, y)",
            ("scaler = StandardScaler()\nscaler.fit(X)\nZ = scaler.transform(X)\na, b, c, d = train_test_split(Z, y)"),
            (
                "X = StandardScaler().fit_transform(X)\nt = torch.tensor(X).float()\n"
                "a, b = random_split(TensorDataset(t), [8, 2])"
            ),
            "df[['a', 'b']] = StandardScaler().fit_transform(df[['a', 'b']])\na, b = train_test_split(df)",
            "X = pd.DataFrame(StandardScaler().fit_transform(X), columns=names)\na, b = train_test_split(X)",
            "from sklearn.decomposition import PCA\nZ = PCA(8).fit_transform(X)\na, b = train_test_split(Z)",
            (
                "from imblearn.over_sampling import SMOTE\nX, y = SMOTE().fit_resample(X, y)\n"
                "a, b, c, d = train_test_split(X, y)"
            ),
            (
                "def prepare(X):\n    scaler = StandardScaler()\n"
                "    return scaler.fit_transform(X)\na, b = train_test_split(prepare(X))"
            ),
            (
                "class Table(Dataset):\n    def __init__(self, X):\n"
                "        self.X = torch.tensor(StandardScaler().fit_transform(X))\n"
                "    def __getitem__(self, i):\n        return self.X[i]\na, b = random_split(Table(X), [8, 2])"
            ),
        ],
    )
    def test_what_is_fitted_before_the_split(self, read: Read, source: str) -> None:
        facts = read("df = pd.read_csv('a.csv')\nX, y = df.drop(columns='y').values, df['y'].values\n" + source)

        assert _kinds(facts, Leak) == ["fitted"]

    @pytest.mark.parametrize(
        "source",
        [
            "X = (X - X.mean(0)) / X.std(0)\na, b = train_test_split(X)",
            "X = (X - X.mean()) / (X.std() + 1e-8)\na, b = random_split(TensorDataset(X), [80, 20])",
            "mean = X.mean(dim=0)\nstd = X.std(dim=0)\nX = (X - mean) / std\na, b = train_test_split(X)",
        ],
    )
    def test_what_is_scaled_by_a_statistic_before_the_split(self, read: Read, source: str) -> None:
        assert _kinds(read("X = torch.load('x.pt')\nX = torch.as_tensor(X)\n" + source), Leak) == ["statistic"]

    @pytest.mark.parametrize(
        "source",
        [
            (
                "a, b = train_test_split(X)\nscaler = StandardScaler()\n"
                "a = scaler.fit_transform(a)\nb = scaler.transform(b)"
            ),
            "y = LabelEncoder().fit_transform(y)\na, b, c, d = train_test_split(X, y)",
            "X = torch.tensor(X)\nX = X - X.mean(dim=1, keepdim=True)\na, b = train_test_split(X)",
            "X = X / 255.0\na, b = train_test_split(X)",
            "scaler = StandardScaler().fit(X)\na, b = train_test_split(X)",
            "a, b = train_test_split(X)\na, v = train_test_split(a)",
        ],
    )
    def test_what_is_no_leak(self, read: Read, source: str) -> None:
        assert _kinds(read("df = pd.read_csv('a.csv')\nX, y = df.values, df['y'].values\n" + source), Leak) == []

    def test_an_estimator_is_fitted_to_test_data(self, read: Read) -> None:
        source = """
        X_train, X_test = train_test_split(X)
        scaler = StandardScaler()
        X_train = scaler.fit_transform(X_train)
        X_test = scaler.fit_transform(X_test)
        """
        assert _kinds(read(source), Leak) == ["refitted"]

    def test_an_estimator_is_fitted_to_both_sides(self, read: Read) -> None:
        source = """
        X_train, X_test = train_test_split(X)
        scaler = StandardScaler()
        scaler.fit(np.concatenate([X_train, X_test]))
        """
        assert _kinds(read(source), Leak) == ["mixed"]

    @pytest.mark.parametrize(
        ("source", "kinds"),
        [
            (
                ("a = datasets.MNIST('d', train=True)\ntrain_loader = DataLoader(a)\ntest_loader = DataLoader(a)"),
                ["same"],
            ),
            (
                (
                    "train_loader = DataLoader(datasets.MNIST('d', train=True))\n"
                    "test_loader = DataLoader(datasets.MNIST('d', train=True))"
                ),
                ["part"],
            ),
            (
                (
                    "train_loader = DataLoader(datasets.MNIST('d', True))\n"
                    "test_loader = DataLoader(datasets.MNIST('d', False))"
                ),
                [],
            ),
            (
                (
                    "a = datasets.MNIST('d')\ntrain_loader = DataLoader(a, sampler=SubsetRandomSampler(i))\n"
                    "test_loader = DataLoader(a, sampler=SubsetRandomSampler(j))"
                ),
                [],
            ),
            (
                (
                    "a = datasets.MNIST('d')\ntrain_loader = DataLoader(a)\ntrain_eval_loader = DataLoader(a)\n"
                    "test_loader = DataLoader(datasets.MNIST('d', train=False))"
                ),
                [],
            ),
            (
                (
                    "x = torch.randn(1000, 784)\ntrain_loader = DataLoader(TensorDataset(x[:800], y[:800]))\n"
                    "test_loader = DataLoader(TensorDataset(x[700:], y[700:]))"
                ),
                ["overlap"],
            ),
            (
                (
                    "x = torch.randn(1000, 784)\ntrain_loader = DataLoader(TensorDataset(x[:800], y[:800]))\n"
                    "test_loader = DataLoader(TensorDataset(x[800:], y[800:]))"
                ),
                [],
            ),
            (
                (
                    "a = datasets.MNIST('d')\ntrain_loader = DataLoader(Subset(a, range(50000)))\n"
                    "test_loader = DataLoader(Subset(a, range(49000, 60000)))"
                ),
                ["overlap"],
            ),
            (
                (
                    "a = datasets.MNIST('d')\ntrain_loader = DataLoader(Subset(a, range(50000)))\n"
                    "test_loader = DataLoader(Subset(a, range(50000, 60000)))"
                ),
                [],
            ),
        ],
    )
    def test_loaders_that_read_the_same(self, read: Read, source: str, kinds: list[str]) -> None:
        assert _kinds(read(source + "\ntrain(train_loader)\nprint(evaluate(test_loader))"), Leak) == kinds


class TestPipelines:
    """Transforms of the data that trains and of that which evaluates."""

    HEAD = """
    flip = [transforms.RandomHorizontalFlip(), transforms.ToTensor()]
    plain = [transforms.Resize(32), transforms.ToTensor()]
    norm = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    other = transforms.Normalize((0.4,), (0.2,))
    """
    TAIL = """
    train(DataLoader(train_set, shuffle=True))
    val_loader = DataLoader(val_set)
    evaluate(val_loader)
    """

    def _split(self, read: Read, source: str) -> Split:
        facts = read(dedent(self.HEAD) + dedent(source) + dedent(self.TAIL))
        splits: list[Split] = facts[Split]
        return splits[0]

    @pytest.mark.parametrize(
        "source",
        [
            "val_set = datasets.ImageFolder('val', transforms.Compose(flip))\ntrain_set = val_set.other",
            (
                "tf = transforms.Compose(flip)\ntrain_set = datasets.CIFAR10('d', transform=tf)\n"
                "val_set = datasets.CIFAR10('d', False, tf)"
            ),
            (
                "whole = datasets.CIFAR10('d', transform=transforms.Compose(flip))\n"
                "train_set, val_set = random_split(whole, [4, 1])"
            ),
            (
                "plain += [transforms.RandomErasing()]\n"
                "val_set = datasets.ImageFolder('v', transform=transforms.Compose(plain))\n"
                "train_set = 1"
            ),
            (
                "def build(train):\n    tfs = [transforms.RandomCrop(8)]\n    if train:\n"
                "        tfs.append(flip[0])\n"
                "    return transforms.Compose(tfs)\n"
                "val_set = datasets.ImageFolder('v', build(False))\ntrain_set = 1"
            ),
            (
                "class Own(Dataset):\n    def __init__(self, files, transform=None):\n"
                "        self.files, self.transform = files, transform\n"
                "    def __getitem__(self, i):\n        return self.transform(self.files[i])\n"
                "val_set = Own(files, transform=transforms.Compose(flip))\ntrain_set = Own(files)"
            ),
            (
                "class RandomShift:\n    def __call__(self, x):\n        return x + np.random.rand()\n"
                "val_set = datasets.ImageFolder('v', transform=RandomShift())\ntrain_set = 1"
            ),
            (
                "import albumentations as A\n"
                "val_set = Own('v', transform=A.Compose([A.HorizontalFlip(p=0.5)]))\n"
                "train_set = 1"
            ),
        ],
    )
    def test_random_transforms_of_evaluation(self, read: Read, source: str) -> None:
        if "Own(" in source and "class Own" not in source:
            source = "class Own(Dataset):\n    def __init__(self, d, transform):\n        self.t = transform\n" + (
                "    def __getitem__(self, i):\n        return self.t(i)\n" + source
            )
        assert any(step.kind == "random" for step in self._split(read, source).evaluation.steps)

    def test_a_pipeline_that_is_built_in_two_runs_is_one(self, read: Read) -> None:
        source = """
        def work(rank):
            train_set = datasets.ImageFolder("t", transforms.Compose([*plain, norm]))
            val_set = datasets.ImageFolder("v", transforms.Compose(plain))
            train(DataLoader(train_set, shuffle=True))
            val_loader = DataLoader(val_set)
            evaluate(val_loader)

        if torch.cuda.device_count() > 1:
            torch.multiprocessing.spawn(work, args=(), nprocs=2)
        else:
            work(0)
        """
        facts = read(dedent(self.HEAD) + dedent(source))

        assert all(split.training is not None for split in facts[Split])

    @pytest.mark.parametrize(
        "source",
        [
            (
                "train_set = datasets.ImageFolder('t', transforms.Compose(flip))\n"
                "val_set = datasets.ImageFolder('v', transforms.Compose(plain))"
            ),
            (
                "whole = datasets.ImageFolder('t', transforms.Compose(flip))\n"
                "train_set, val_set = random_split(whole, [4, 1])\n"
                "val_set.dataset.transform = transforms.Compose(plain)"
            ),
            (
                "train_set = 1\n"
                "tf = transforms.Compose([transforms.RandomHorizontalFlip(p=1), *plain])\n"
                "val_set = datasets.ImageFolder('v', tf)"
            ),
            (
                "train_set = 1\n"
                "val_set = datasets.ImageFolder('v', transforms.Compose([transforms.RandomApply(flip, p=0), *plain]))"
            ),
        ],
    )
    def test_nothing_random_in_evaluation(self, read: Read, source: str) -> None:
        assert not any(step.kind == "random" for step in self._split(read, source).evaluation.steps)

    def test_names_of_test_time_augmentation_are_no_evaluation(self, read: Read) -> None:
        source = "val_set = datasets.ImageFolder('v', transforms.Compose(flip))\ntta_val_loader = DataLoader(val_set)\n"
        facts = read(dedent(self.HEAD) + source)

        assert Split not in facts

    def test_keys_and_comprehensions_name_loaders(self, read: Read) -> None:
        source = """
        tfs = {"train": transforms.Compose(flip), "val": transforms.Compose(flip)}
        sets = {x: datasets.ImageFolder(x, tfs[x]) for x in ["train", "val"]}
        loaders = {x: DataLoader(sets[x], batch_size=4) for x in ["train", "val"]}
        for epoch in range(9):
            for phase in ["train", "val"]:
                if phase == "train":
                    train(loaders[phase])
                else:
                    evaluate(loaders[phase])
        """
        facts = read(dedent(self.HEAD) + dedent(source))

        assert [split.evaluation.name for split in facts[Split]] == ["val"]


class TestScales:
    """The scale of what a network learns from."""

    @pytest.mark.parametrize(
        ("source", "kinds"),
        [
            ("train(DataLoader(datasets.MNIST('d', transform=transforms.PILToTensor())))", ["raw"]),
            (
                (
                    "tf = transforms.Compose([transforms.PILToTensor(), transforms.ConvertImageDtype(torch.float)])\n"
                    ""
                    "train(DataLoader(datasets.MNIST('d', transform=tf)))"
                ),
                [],
            ),
            (
                (
                    "raw = datasets.MNIST('d')\nx = raw.data.float().view(-1, 784)\n"
                    "train(DataLoader(TensorDataset(x, raw.targets)))"
                ),
                ["raw"],
            ),
            (
                (
                    "raw = datasets.MNIST('d')\nx = raw.data.float().view(-1, 784) / 255\n"
                    "train(DataLoader(TensorDataset(x, raw.targets)))"
                ),
                [],
            ),
            (
                (
                    "for x, y in DataLoader(datasets.MNIST('d', transform=transforms.ToTensor())):\n"
                    "    F.cross_entropy(model(x / 255.0), y).backward()\n    optimizer.step()"
                ),
                ["twice"],
            ),
            (
                (
                    "net = models.resnet18(weights='DEFAULT')\n"
                    "train(DataLoader(datasets.CIFAR10('d', transform=transforms.ToTensor())), net)"
                ),
                ["pretrained"],
            ),
            (
                (
                    "net = models.resnet18()\n"
                    "train(DataLoader(datasets.CIFAR10('d', transform=transforms.ToTensor())), net)"
                ),
                [],
            ),
        ],
    )
    def test_scales(self, read: Read, source: str, kinds: list[str]) -> None:
        assert _kinds(read(source), InputScale) == kinds


class TestEpochs:
    """Samplers that must be told the epoch."""

    HEAD = "a = datasets.MNIST('d')\nsampler = DistributedSampler(a)\nloader = DataLoader(a, sampler=sampler)\n"

    @pytest.mark.parametrize(
        ("source", "told"),
        [
            ("for epoch in range(9):\n    train(loader)", [False]),
            ("for epoch in range(9):\n    sampler.set_epoch(epoch)\n    train(loader)", [True]),
            ("for epoch in range(9):\n    loader.sampler.set_epoch(epoch)\n    train(loader)", [True]),
            ("sampler.set_epoch(0)\nfor epoch in range(9):\n    train(loader)", [False]),
            (
                (
                    "for epoch in range(9):\n    if hasattr(loader, 'x'):\n"
                    "        loader.x.set_epoch(epoch)\n    train(loader)"
                ),
                [True],
            ),
            ("train(loader)", []),
            ("for epoch in range(1):\n    train(loader)", []),
            (
                (
                    "from accelerate import Accelerator\naccelerator = Accelerator()\n"
                    "model, optimizer, loader = accelerator.prepare(model, optimizer, loader)\n"
                    "for epoch in range(9):\n    train(loader)"
                ),
                [],
            ),
            ("import engine\nengine.wrap(loader)\nfor epoch in range(9):\n    train(loader)", []),
            (
                (
                    "def fit(callbacks):\n    for epoch in range(9):\n        for one in callbacks:\n"
                    "            one(epoch)\n        train(loader)"
                ),
                [True],
            ),
            (
                (
                    "def fit(observer):\n    for epoch in range(9):\n        observer.on_epoch_start(epoch)\n"
                    "        train(loader)"
                ),
                [True],
            ),
            (
                ("for fold in range(5):\n    loader = DataLoader(a, sampler=DistributedSampler(a))\n    train(loader)"),
                [],
            ),
        ],
    )
    def test_rounds(self, read: Read, source: str, told: list[bool]) -> None:
        assert [fact.told for fact in read(self.HEAD + source).get(Rounds, ())] == told


class TestWorkers:
    """Workers that cannot tell themselves apart."""

    ITEM = """
    class Set(Dataset):
        def __init__(self):
            self.rng = {made}

        def __getitem__(self, index):
            return {used}

    loader = DataLoader(Set(), num_workers={workers})
    """

    @pytest.mark.parametrize(
        ("made", "used", "workers", "count"),
        [
            ("np.random.default_rng(0)", "self.rng.normal()", "4", 1),
            ("np.random.RandomState(0)", "self.rng.rand()", "4", 1),
            ("torch.Generator()", "torch.rand(3, generator=self.rng)", "2", 1),
            ("np.random.default_rng(0)", "self.rng.normal()", "0", 0),
            ("np.random.default_rng(0)", "self.rng.normal()", "unknown", 0),
            ("np.random.default_rng(0)", "index", "4", 0),
            ("np.random.RandomState(0)", "(self.rng.seed(index), self.rng.rand())", "4", 0),
            ("None", "np.random.rand()", "4", 0),
            ("np.random.default_rng(0)", "self.rng.normal()", "4, worker_init_fn=seed", 0),
        ],
    )
    def test_generators(self, read: Read, made: str, used: str, workers: str, count: int) -> None:
        facts = read(dedent(self.ITEM).format(made=made, used=used, workers=workers))

        assert len(facts.get(WorkerRandomness, ())) == count


class TestOrder:
    """Samplers that keep the order, and data sets that have none."""

    TRAIN = """
    model = nn.Linear(784, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    """

    @pytest.mark.parametrize(
        ("given", "sampler"),
        [
            ("sampler=SequentialSampler(a)", False),
            ("sampler=DistributedSampler(a, shuffle=False)", False),
            ("batch_sampler=BatchSampler(SequentialSampler(a), 8, False)", False),
            ("sampler=DistributedSampler(a)", True),
            ("sampler=DistributedSampler(a, shuffle=flag())", True),
            ("batch_sampler=BatchSampler(RandomSampler(a), 8, False)", True),
            ("sampler=RandomSampler(a) if flag() else SequentialSampler(a)", True),
        ],
    )
    def test_samplers(self, read: Read, given: str, sampler: bool) -> None:
        names = "from torch.utils.data import BatchSampler, RandomSampler, SequentialSampler\n"
        (loader,) = read(f"{names}a = datasets.MNIST('d')\nloader = DataLoader(a, {given})\n" + dedent(self.TRAIN))[
            Loader
        ]

        assert (loader.trains, loader.sampler, loader.shuffle) == (True, sampler, False)

    @pytest.mark.parametrize(
        ("body", "ordered"),
        [
            ("return random.choice(self.same if index % 2 else self.other)", True),
            ("return random.choice(self.same)", True),
            ("return self.same[index % 9]", False),
            ("return self.load(index), random.random()", False),
            ("return self.same[index] if index else 0", False),
        ],
    )
    def test_data_sets_that_draw(self, read: Read, body: str, ordered: bool) -> None:
        source = f"""
    import random
    class Pairs(Dataset):
        def __init__(self, files):
            self.same = self.other = files

        def __getitem__(self, index):
            {body}

    loader = DataLoader(Pairs(glob('*')), batch_size=8)
    """
        (loader,) = read(dedent(source) + dedent(self.TRAIN))[Loader]

        assert loader.ordered is ordered
