"""What a backward pass ends and starts in: many numbers, NumPy; and weights that are drawn after they were loaded."""

from collections.abc import Callable

import pytest

Find = Callable[[str], set[str]]

CODES = {"DNN302", "DNN308", "DNN408", "DNN412"}
HEAD = """
import argparse
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from scipy.stats import spearmanr
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
"""


STEPS = """
loader = DataLoader(datasets.MNIST(".", transform=transforms.ToTensor()), batch_size=8, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
head = nn.Linear(10, 1)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
class Berhu(nn.Module):
    def forward(self, p, t):
        d = (p - t).abs()
        return torch.where(d < 1, d, d ** 2)
for x, y in loader:
    optimizer.zero_grad()
    out = model(x)
    {body}
    loss.backward()
    optimizer.step()
"""
RANK = "r = {}\n    loss = torch.tensor(1.0 - r, requires_grad=True)"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("loss = (out - 1) ** 2", {"DNN412"}),
        ("loss = ((out - 1) ** 2).mean()", set()),
        ("loss = Berhu()(out, F.one_hot(y))", {"DNN412"}),
        ("loss = Berhu()(out, F.one_hot(y)).mean()", set()),
        ("d = (out - 1).abs()\n    loss = d[d > 0.5] ** 2", {"DNN412"}),
        ("loss = (out[0, 0] - 1) ** 2", set()),
        ("loss = (out[0, out.argmax()] - 1) ** 2", set()),
        ("loss = -(F.log_softmax(out, 1) * F.one_hot(y)).sum(1)", {"DNN412"}),
        ("loss = -(F.log_softmax(out, 1) * F.one_hot(y)).sum()", set()),
        ("loss = -F.log_softmax(out, 1).gather(1, y[:, None]).squeeze(1)", {"DNN412"}),
        ("p = torch.sigmoid(head(out)).squeeze(1)\n    loss = -(y * p.log() + (1 - y) * (1 - p).log())", {"DNN412"}),
        ("loss = (out.max() - 1) ** 2", set()),
        (RANK.format("np.corrcoef(out.detach().numpy()[:, 0], y.numpy())[0, 1]"), {"DNN408"}),
        (RANK.format("spearmanr(out.detach().cpu().numpy()[:, 0], y.numpy())[0]"), {"DNN408"}),
    ],
)
def test_ends_of_a_loss(find: Find, body: str, found: set[str]) -> None:
    assert find(STEPS.format(body=body)) == found


def test_one_sample_gives_one_number(find: Find) -> None:
    steps = "for i in range(9):\n    loss = (model(torch.randn(3)) - 1) ** 2\n    loss.backward()\n"
    assert find("model = nn.Linear(3, 1)\n" + steps) == set()


RESUME = """
def init(m):
    if isinstance(m, nn.Linear):
        nn.init.xavier_uniform_(m.weight)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(8, 16), nn.Linear(16, 16), nn.Linear(16, 2)
    def forward(self, x):
        return self.c(F.relu(self.b(F.relu(self.a(x)))))
parser = argparse.ArgumentParser()
parser.add_argument("--resume", default="")
args = parser.parse_args()
def build():
    net = Net()
    {body}
    return net
net = build()
"""
LOAD = "if args.resume:\n        net.load_state_dict(torch.load(args.resume))\n    "


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (LOAD + "net.apply(init)", {"DNN308"}),
        (LOAD + "else:\n        net.apply(init)", set()),
        (LOAD + "if not args.resume:\n        net.apply(init)", set()),
        (LOAD + "    return net\n    net.apply(init)", set()),
        ("net.apply(init)\n    " + LOAD, set()),
    ],
)
def test_weights_that_an_option_loads(find: Find, body: str, found: set[str]) -> None:
    assert find(RESUME.format(body=body)) == found


@pytest.mark.parametrize(("what", "found"), [("net", {"DNN308"}), ("net.fc", set())])
def test_weights_named_by_an_enumeration(find: Find, what: str, found: set[str]) -> None:
    source = f"""
def init(m):
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(m.weight)
net = torchvision.models.resnet18(weights=torchvision.models.ResNet18_Weights.DEFAULT)
net.fc = nn.Linear(512, 3)
{what}.apply(init)
"""
    assert find(source) == found


@pytest.mark.parametrize(("draw", "found"), [("ones_", {"DNN302"}), ("normal_", set())])
def test_a_constant_that_is_scaled_stays_one(find: Find, draw: str, found: set[str]) -> None:
    source = f"""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(8, 16), nn.Linear(16, 2)
        for name, p in self.named_parameters():
            if "weight" in name:
                nn.init.{draw}(p)
                p.data.mul_(1e-3)
    def forward(self, x):
        return self.b(F.relu(self.a(x)))
Net()(torch.randn(4, 8))
"""
    assert find(source) == found
