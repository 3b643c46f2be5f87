"""Data sets that change what they store: each way to do it, and each that only looks like it."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from dnnlint.evidence.script.data import Alteration
from dnnlint.script.reader import Reader

Read = Callable[..., int]

SOURCE = """
import copy
import random
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

def jitter(sample):
    sample["x"] += 1
    return sample

class Set(Dataset):
    def __init__(self):
        self.data = {data}
        self.counts = torch.zeros(9)

    def shift(self, x):
        x.add_(1.0)
        return x

    def __getitem__(self, index):
{body}

loader = DataLoader(Set(), batch_size=4)
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """How many lines of a data set are found to change what it stores."""

    def reading(data: str, body: str) -> int:
        main = tmp_path / "train.py"
        main.write_text(SOURCE.format(data=data, body=indent(dedent(body), " " * 8)))
        facts = Reader([str(tmp_path)]).read(str(main), main.read_bytes()).facts
        return len([fact for fact in facts if type(fact) is Alteration])

    return reading


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ("torch.randn(9, 3)", "x = self.data[index]\nx += 0.1 * torch.randn(3)\nreturn x"),
        ("torch.randn(9, 3)", "x = self.data[index].view(-1)\nx -= x.mean()\nreturn x"),
        ("torch.randn(9, 3)", "x = self.data[index].mul_(2)\nreturn x"),
        ("torch.randn(9, 3)", "self.data[index] += 1\nreturn self.data[index]"),
        ("torch.randn(9, 3)", "self.data[index] = self.data[index] / 2\nreturn self.data[index]"),
        ("torch.randn(9, 3)", "return self.shift(self.data[index])"),
        ("np.load('x.npy')", "x = self.data[index]\nx[:, 0] *= 2\nreturn torch.from_numpy(x)"),
        ("np.random.randn(9, 3)", "x = self.data[index]\nx /= 255.0\nreturn torch.from_numpy(x)"),
        ("np.zeros((9, 8, 8))", "x = self.data[index]\ntop = random.randint(0, 4)\nx[top : top + 4] = 0\nreturn x"),
        ("[{'x': torch.ones(2)}]", "sample = self.data[index]\nsample['x'] = self.t(sample['x'])\nreturn sample"),
        (
            "[{'x': torch.ones(2)}]",
            "sample = self.data[index]\nx = self.t(sample['x'])\nsample['x'] = x\nreturn sample",
        ),
        ("[{'x': torch.ones(2)}]", "return jitter(self.data[index])"),
        ("[[1, 2], [3]]", "tokens = self.data[index]\ntokens.append(0)\nreturn torch.tensor(tokens)"),
        ("[torch.ones(2)]", "x = self.data[index]\nif random.random() < 0.5:\n    x *= -1\nreturn x"),
    ],
)
def test_what_stays_changed(read: Read, data: str, body: str) -> None:
    assert read(data, body) == 1


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ("torch.randn(9, 3)", "x = self.data[index].clone()\nx += 1\nreturn x"),
        ("torch.randn(9, 3)", "x = self.data[index] + 0\nx += 1\nreturn x"),
        ("torch.randn(9, 3)", "x = self.data[index]\nx = x + 1\nreturn x"),
        ("torch.randn(9, 3)", "x = self.data[index]\nx.clamp_(0, 1)\nreturn x"),
        ("torch.randn(9, 3)", "self.counts[index] += 1\nreturn self.data[index]"),
        ("unknown()", "x = self.data[index]\nx += 1\nreturn x"),
        ("[{'x': torch.ones(2)}]", "sample = dict(self.data[index])\nsample['x'] = self.t(sample['x'])\nreturn sample"),
        ("[{'x': torch.ones(2)}]", "sample = copy.deepcopy(self.data[index])\nsample['x'] *= 2\nreturn sample"),
        ("[{'x': 'words'}]", "sample = self.data[index]\nsample['ids'] = self.encode(sample['x'])\nreturn sample"),
        ("[{'x': [1, 2]}]", "sample = self.data[index]\nsample['x'] = torch.tensor(sample['x'])\nreturn sample"),
        (
            "[{'x': [1, 2]}]",
            "s = self.data[index]\nif 'n' not in s:\n    s['x'] = s['x'] / 2\n    s['n'] = 1\nreturn s",
        ),
        ("['a', 'b']", "name = self.data[index]\nname += '.png'\nreturn name[0]"),
        ("np.zeros((9, 8))", "x = self.data[index].astype('float32')\nx /= 255\nreturn torch.from_numpy(x)"),
        (
            "torch.randn(9, 3)",
            "x = self.data[index]\nif index:\n    x = x.clone()\nelse:\n    x = x * 2\nx += 1\nreturn x",
        ),
    ],
)
def test_what_leaves_the_store_alone(read: Read, data: str, body: str) -> None:
    assert read(data, body) == 0
