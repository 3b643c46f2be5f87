"""Data and networks in spellings that were missed once, and false alarms on data sets that choose samples."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from dnnlint.engine import judge
from dnnlint.rule import Confidence, Rule
from dnnlint.script.reader import Reader

Find = Callable[[str], set[str]]

HEAD = """
import argparse
import math
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.weight_norm import weight_norm
from torch.utils.data import DataLoader, Dataset, DistributedSampler
from torchvision import datasets, transforms
"""
STEP = """
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(5):
    for x, y in train_loader:
        optimizer.zero_grad()
        {loss}.backward()
        optimizer.step()
"""


@pytest.fixture
def find(tmp_path: Path, rules: tuple[Rule, ...]) -> Find:
    """Read a script and name the rules that speak up on it by default."""

    def finding(source: str) -> set[str]:
        main = tmp_path / "train.py"
        main.write_text(HEAD + dedent(source))
        facts = Reader([str(tmp_path)]).read(str(main), main.read_bytes()).facts
        return {v.rule.name for v in judge(facts, list(rules)) if v.finding.confidence is not Confidence.LOW}

    return finding


NET = """
class Net(nn.Module):
    def __init__(self, cfg, act=nn.ReLU):
        super().__init__()
        {init}

    def forward(self, x):
        {forward}

p = argparse.ArgumentParser()
p.add_argument("--net", default="Net")
args = p.parse_args()
model = Net(load_config())
train_loader = load()
"""


def _net(init: str, forward: str, loss: str = "F.cross_entropy(model(x), y)") -> str:
    made = NET.replace("{init}", init.replace("\n", "\n        "))
    return made.replace("{forward}", forward.replace("\n", "\n        ")) + STEP.replace("{loss}", loss)


FFN = "self.fc1 = nn.Linear(cfg.{0}, cfg.{1})\nself.fc2 = nn.Linear(cfg.{1}, cfg.{0})\nself.out = nn.Linear(cfg.{0}, 5)"
BAG = "self.score = nn.Sequential(nn.Linear(9, 1), {0})\nself.w = nn.Linear(9, 1)"


@pytest.mark.parametrize(
    ("init", "forward", "loss", "rule"),
    [
        (FFN.format("dim", "dim_ff"), "return self.out(F.relu(self.fc2(self.fc1(x))))", "", "missing-nonlinearity"),
        (FFN.format("hidden_size", "intermediate_size"), "return self.out(F.relu(self.fc2(self.fc1(x))))", "",
         "missing-nonlinearity"),
        (BAG.format("nn.Softmax(dim=1)"), "a = self.w(x).t().softmax(1)\nreturn self.score(torch.mm(a, x))",
         "(-y * torch.log(model(x))).mean()", "single-unit-softmax"),
        (BAG.format("nn.Identity()"), "return self.score(x[0][:, 0]).squeeze(1)",
         "F.cross_entropy(model(x).unsqueeze(1), y.long())", "single-unit-softmax"),
        ("self.net = nn.Sequential(nn.Linear(8, 9), nn.ReLU(), weight_norm(nn.Linear(9, 4)), nn.Dropout(0.5))",
         "return self.net(x)", "", "dropout-on-output"),
        ("self.weight = torch.FloatTensor(8, 4)\nself.weight.data.uniform_(-0.1, 0.1)\nself.o = nn.Linear(4, 3)",
         "return self.o(F.relu(x @ self.weight))", "", "unregistered-parameter"),
        ("self.weight = torch.empty(4, 8)\nnn.init.xavier_uniform_(self.weight)\nself.o = nn.Linear(4, 3)",
         "return self.o(F.relu(F.linear(x, self.weight)))", "", "unregistered-parameter"),
    ],
)  # fmt: skip
def test_faults_of_networks(find: Find, init: str, forward: str, loss: str, rule: str) -> None:
    assert rule in find(_net(init, forward, loss or "F.cross_entropy(model(x), y)"))


@pytest.mark.parametrize(
    ("init", "forward", "loss"),
    [
        (FFN.format("dim", "dim_ff"), "return self.out(self.fc2(F.gelu(self.fc1(x))))", ""),
        (FFN.format("dim", "rank"), "return self.out(F.relu(self.fc2(self.fc1(x))))", ""),
        ("self.convs = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 3)])",
         ("for i, size in enumerate(self.cfg):\n    x = self.convs[i](x)\n    if i != len(self.cfg) - 1:\n"
         "        x = F.dropout(F.relu(x), training=self.training)\nreturn x.log_softmax(dim=-1)"),
         "F.nll_loss(model(x), y)"),
        (BAG.format("nn.Sigmoid()"), "a = self.w(x).t().softmax(1)\nreturn self.score(torch.mm(a, x))",
         "F.binary_cross_entropy(model(x), y)"),
        ("self.weight = nn.Parameter(torch.empty(4, 8))\nnn.init.normal_(self.weight)\nself.o = nn.Linear(4, 2)",
         "return self.o(F.relu(F.linear(x, self.weight)))", ""),
        ("self.weight = torch.empty(4, 8)\nnn.init.ones_(self.weight)\nself.o = nn.Linear(4, 3)",
         "return self.o(F.relu(F.linear(x, self.weight)))", ""),
    ],
)  # fmt: skip
def test_networks_without_fault(find: Find, init: str, forward: str, loss: str) -> None:
    assert find(_net(init, forward, loss or "F.cross_entropy(model(x), y)")) == set()


@pytest.mark.parametrize(
    ("call", "found"),
    [("super(Wave).__init__()", True), ("super(Wave, self).__init__()", False), ("super().__init__()", False)],
)
def test_super_of_nothing(find: Find, call: str, found: bool) -> None:
    source = f"""
        class Wave(nn.Module):
            def __init__(self):
                {call}
                self.linear = nn.Linear(2, 2)

            def forward(self, x):
                return torch.sin(self.linear(x))

        model = Wave()
    """

    assert ("missing-super-init" in find(source)) is found


CHOSEN = """
class Part(datasets.CIFAR10):
    def __init__(self, root, chosen, train=True, transform=None):
        super().__init__(root, train=train, transform=transform)
        self.data = self.data[chosen]

a, b = halves(datasets.CIFAR10("d", train=True).targets)
harder = transforms.Compose([transforms.RandomCrop(32), transforms.ToTensor()])
train_loader = DataLoader(Part("d", a, train=True, transform=harder), batch_size=8, shuffle=True)
val_loader = DataLoader(Part("d", {indices}, train=True, transform={transform}), batch_size=8)
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 900, 10))
""" + STEP.replace("{loss}", "F.cross_entropy(model(x), y)")


@pytest.mark.parametrize(
    ("indices", "transform", "found"),
    [
        ("b", "transforms.ToTensor()", set()),
        ("b", "harder", {"augmented-evaluation-data"}),
        ("a", "transforms.ToTensor()", {"train-test-leakage"}),
    ],
)
def test_parts_that_are_chosen_by_index(find: Find, indices: str, transform: str, found: set[str]) -> None:
    assert find(CHOSEN.replace("{indices}", indices).replace("{transform}", transform)) == found


STORED = """
class Stored(Dataset):
    def __init__(self, parts):
        self.x = {made}

    def __len__(self):
        return len(self.x)

    def prepare(self, image):
        for c in range(3):
            image[c] -= MEAN[c]
        return image

    def __getitem__(self, i):
        image = self.x[i, ...]{taken}
        return self.prepare(image), 0

loader = DataLoader(Stored(parts), batch_size=8)
"""


@pytest.mark.parametrize(
    ("made", "taken", "found"),
    [
        ("np.vstack(parts).reshape(-1, 3, 32, 32).astype(np.float32)", "", True),
        ("np.load(parts)['x'].transpose(0, 3, 1, 2)", "", True),
        ("np.load(parts)['x'].transpose(0, 3, 1, 2)", ".copy()", False),
        ("open_archive(parts).rows()", "", False),
    ],
)
def test_arrays_that_are_changed_in_place(find: Find, made: str, taken: str, found: bool) -> None:
    source = STORED.replace("{made}", made).replace("{taken}", taken)

    assert ("dataset-changed-in-place" in find(source)) is found


SAMPLERS = """
sets = {{x: datasets.ImageFolder(x) for x in ["train", "val"]}}
samplers = {{x: DistributedSampler(sets[x]) for x in ["train", "val"]}}
loaders = {{x: DataLoader(sets[x], batch_size=8, sampler=samplers[x]) for x in ["train", "val"]}}
model = nn.Linear(3, 2)
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(5):
    {told}
    for phase in phases:
        for x, y in loaders[phase]:
            loss = F.cross_entropy(model(x), y)
            if phase == "train":
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
"""


@pytest.mark.parametrize(("told", "found"), [("pass", True), ("samplers['train'].set_epoch(epoch)", False)])
def test_samplers_that_one_line_makes(find: Find, told: str, found: bool) -> None:
    assert ("sampler-epoch-not-set" in find(SAMPLERS.format(told=told))) is found
