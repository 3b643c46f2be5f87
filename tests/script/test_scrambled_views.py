"""Views that mix samples, steps and channels up, and views that only merge or split axes."""

from collections.abc import Callable
from textwrap import indent
from typing import Any

import pytest

from dnnlint.evidence.script import ScrambledView

Read = Callable[..., dict[type, list[Any]]]

HEAD = """
import torch
import torch.nn as nn
import torch.nn.functional as F
"""
NET = """
class Net(nn.Module):
    def __init__(self, cfg, width=32, layers=1):
        super().__init__()
        self.heads, self.layers, self.width = cfg.heads, cfg.layers, width
        self.embed = nn.Embedding(100, width)
        self.both = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.deep = nn.LSTM(width, width, num_layers=2)
        self.one = nn.LSTM(width, width, batch_first=True)
        self.some = nn.LSTM(width, width, cfg.layers, batch_first=True)
        self.q, self.k = nn.Linear(width, width), nn.Linear(width, width)
        self.patch = nn.Conv2d(3, width, 4, stride=4)

    def forward(self, x, h=None):
{body}

model = Net(cfg)
model({given}).sum().backward()
"""
IDS, IMAGES = "torch.randint(100, (8, 7))", "torch.randn(8, 3, 16, 16)"


def _found(read: Read, body: str, given: str = IDS) -> int:
    source = NET.replace("{body}", indent(body.strip(), " " * 8)).replace("{given}", given)
    return len(read(source).get(ScrambledView, []))


@pytest.mark.parametrize(
    "body",
    [
        # lengths that were asked one by one
        "q = self.q(x)\nreturn q.view(q.size(0), self.heads, q.size(1), -1)",
        "b, t = x.size(0), x.size(1)\nreturn x.view(b, self.heads, t, -1)",
        "return x.reshape(x.shape[1], x.shape[0], -1)",
        "return torch.reshape(x, (x.size(1), x.size(0), -1))",
        "q, k = (one.view(one.size(0), self.heads, one.size(1), -1) for one in [self.q(x)])",
        "steps, s = x.size(0), self.q(x[0])\nreturn x.contiguous().view(s.size(0), steps, -1)",
        "t, b = x.size()\nreturn self.embed(x).view(b, t, -1)",
        "b, c, height, width = x.shape\nreturn x.view(b, -1, c)",
        "b, c, height, width = x.shape\nreturn x.reshape(b, height * width, c)",
        # states: layers and directions come first
        "_, h = self.both(self.embed(x))\nreturn h.reshape(x.size(0), -1)",
        "_, h = self.both(self.embed(x))\nreturn h.view(-1, 2 * self.width)",
        "_, (h, c) = self.deep(self.embed(x))\nb = x.size(1)\nreturn h.contiguous().view(b, 2 * self.width)",
        "_, h = self.both(self.embed(x))\nreturn h.view(h.size(1), -1)",
    ],
)
def test_numbers_that_are_mixed_up(read: Read, body: str) -> None:
    assert _found(read, body) == 1


@pytest.mark.parametrize(
    "body",
    [
        "q = self.q(x)\nreturn q.view(q.size(0), q.size(1), self.heads, -1).transpose(1, 2)",
        "return x.transpose(0, 1).reshape(x.shape[1], x.shape[0], -1)",
        "return x.view(-1, x.size(0), x.size(1))",
        "return x.view(1, x.size(0), -1)",
        "return x.view(self.layers, x.size(0), -1)",
        "return x.view(x.size(0), -1, x.size(1))",
        "b, c, height, width = x.shape\nreturn x.permute(0, 2, 3, 1).reshape(b, -1, c)",
        "b, height, width, c = x.shape\nreturn x.view(b, -1, c)",
        "b, c, height, width = x.shape\nreturn x.view(b, c, -1).transpose(1, 2)",
        "_, h = self.both(self.embed(x))\nreturn h.transpose(0, 1).reshape(x.size(0), -1)",
        "_, h = self.both(self.embed(x))\nreturn h.view(2, x.size(0), self.width)[-1]",
        "_, h = self.both(self.embed(x))\nreturn h.view(-1, self.width)",
        "_, (h, c) = self.deep(self.embed(x))\nreturn h.view(2, 1, -1, self.width)",
        "_, (h, c) = self.deep(self.embed(x))\nreturn h[-1].view(x.size(1), -1)",
        "_, (h, c) = self.one(self.embed(x))\nreturn h.view(x.size(0), -1)",
        "_, (h, c) = self.some(self.embed(x))\nreturn h.view(x.size(0), -1)",
        "y, _ = self.both(self.embed(x))\nreturn y.reshape(x.size(0), -1)",
    ],
)
def test_numbers_that_stay_together(read: Read, body: str) -> None:
    assert _found(read, body) == 0


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("return self.patch(x).view(-1, 16, 32)", 1),
        ("return self.patch(x).view(x.size(0), -1, 32)", 1),
        ("return x.view(-1, 16, 16, 3)", 1),
        ("return self.patch(x).view(-1, 32, 16)", 0),
        ("return self.patch(x).permute(0, 2, 3, 1).reshape(-1, 16, 32)", 0),
        ("return x.view(-1, 3, 4, 4, 4, 4)", 0),
        ("return self.patch(x).view(-1, 8, 64)", 0),
    ],
)
def test_sizes_in_numbers(read: Read, body: str, found: int) -> None:
    assert _found(read, body, IMAGES) == found
