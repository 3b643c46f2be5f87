"""Softmax along the wrong axis inside networks, and axes that look odd but are meant."""

from collections.abc import Callable
from textwrap import indent
from typing import Any

import pytest

from dnnlint.evidence.script import StraySoftmax

Read = Callable[..., dict[type, list[Any]]]

HEAD = """
import math
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from einops import rearrange
"""
NET = """
class Net(nn.Module):
    def __init__(self, width=32, heads=4, classes=9):
        super().__init__()
        self.heads, self.classes = heads, classes
        self.embed = nn.Embedding(100, width)
        self.rnn = nn.LSTM(width, width, batch_first=True)
        self.time_first = nn.GRU(width, width)
        self.q, self.k, self.v = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.qkv = nn.Linear(width, 3 * width)
        self.score = nn.Linear(width, 1)
        self.hops = nn.Linear(width, 5)
        self.span = nn.Linear(width, 2)
        self.out = nn.Linear(width, classes)
        self.conv = nn.Conv2d(3, classes, 3)
        self.soft1 = nn.Softmax(dim=1)
        self.logp = nn.LogSoftmax(dim=1)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, h=None, mask=None):
{body}

model = Net()
loss = model(torch.randint(100, (8, 7))).sum()
loss.backward()
"""
HEADS = """
b, t, d = x.shape
q, k, v = [f(x).view(b, t, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v)]
scores = q @ k.transpose(-2, -1) / math.sqrt(d)
"""
CONTEXT = "q, k, v = self.q(x), self.k(x), self.v(x)\nscores = torch.bmm(q, k.transpose(1, 2))\n"
STATES = "states, _ = self.rnn(self.embed(x))\n"


def _read(read: Read, body: str) -> list[Any]:
    return read(NET.replace("{body}", indent(body.strip(), " " * 8))).get(StraySoftmax, [])


@pytest.mark.parametrize(
    ("body", "how"),
    [
        (HEADS + "return F.softmax(scores, dim=1) @ v", "summed"),
        (HEADS + "return self.drop(self.soft1(scores)) @ v", "summed"),
        (HEADS + "return torch.matmul(scores.softmax(2), v)", "summed"),
        (HEADS + "return torch.matmul(scores.softmax(-2), v)", "summed"),
        (
            HEADS + "if mask is not None:\n    scores = scores.masked_fill(mask, -1e9)\nreturn scores.softmax(1) @ v",
            "summed",
        ),
        (HEADS + "return F.softmax(scores, dim=0) @ v", "batch"),
        (CONTEXT + "return torch.bmm(F.softmax(scores, dim=1), v)", "summed"),
        (CONTEXT + "w = F.softmax(scores, dim=0)\nreturn torch.bmm(w, v)", "batch"),
        (
            (
                "q = rearrange(self.q(x), 'b n (h d) -> b h n d', h=self.heads)\n"
                "k, v = q, q\nw = (q @ k.transpose(-1, -2)).softmax(dim=1)\nreturn w @ v"
            ),
            "summed",
        ),
        (
            (
                "qkv = self.qkv(x).reshape(8, 7, 3, self.heads, -1).permute(2, 0, 3, 1, 4)\nq, k, v = qkv.unbind(0)\n"
                "w = (q @ k.transpose(-2, -1)).softmax(dim=1)\nreturn self.drop(w) @ v"
            ),
            "summed",
        ),
        (
            (
                "qkv = self.qkv(x).reshape(8, 7, 3, self.heads, -1).permute(2, 0, 3, 1, 4)\n"
                "q, k, v = qkv[0], qkv[1], qkv[2]\nw = (q @ k.transpose(-2, -1)).softmax(1)\nreturn self.drop(w) @ v"
            ),
            "summed",
        ),
        (
            (
                "s = torch.einsum('bhid,bhjd->bhij', self.q(x), self.k(x))\nw = s.softmax(dim=2)\n"
                "return torch.einsum('bhij,bhjd->bhid', w, x)"
            ),
            "summed",
        ),
        (STATES + "w = F.softmax(self.score(states), dim=0)\nreturn (w * states).sum(1)", "batch"),
        (
            STATES + "w = torch.tanh(self.q(states))\nw = F.softmax(self.score(w).squeeze(-1), dim=0)\n"
            "return torch.sum(w.unsqueeze(-1) * states, dim=1)",
            "batch",
        ),
        (
            "e = self.embed(x)\nw = F.softmax(self.score(e).squeeze(2), dim=0)\nreturn (w.unsqueeze(2) * e).sum(dim=1)",
            "summed",
        ),
        (
            (
                "e = torch.bmm(h.unsqueeze(1), x.transpose(1, 2)).squeeze(1)\nw = F.softmax(e, dim=0)\n"
                "return torch.bmm(w.unsqueeze(1), x)"
            ),
            "batch",
        ),
        (STATES + "return F.log_softmax(self.out(states), dim=1)", "beside"),
        (STATES + "return self.logp(self.out(states))", "beside"),
        (STATES + "return F.log_softmax(self.out(states.reshape(-1, states.size(2))), dim=0)", "beside"),
        (STATES + "return F.log_softmax(self.out(states[:, -1]), dim=0)", "beside"),
        ("return F.log_softmax(self.conv(x), dim=0)", "beside"),
    ],
)
def test_an_axis_that_cannot_be_meant(read: Read, body: str, how: str) -> None:
    assert [fact.how for fact in _read(read, body)] == [how]


@pytest.mark.parametrize(
    "body",
    [
        HEADS + "return F.softmax(scores, dim=-1) @ v",
        HEADS + "return scores.softmax(3) @ v",
        HEADS + "w = scores.softmax(2)\nreturn w.transpose(2, 3) @ v",
        HEADS + "w = scores.softmax(2) + 1e-8\nreturn (w / w.sum(-1, keepdim=True)) @ v",  # slots that compete
        CONTEXT + "return torch.bmm(F.softmax(scores, dim=2), v)",
        CONTEXT + "return torch.bmm(v.transpose(1, 2), F.softmax(scores, dim=1))",
        CONTEXT + "a, b = F.softmax(scores, dim=2), F.softmax(scores, dim=1)\nreturn a @ b.transpose(1, 2) @ v",
        "q, k, v = self.q(x), self.k(x), self.v(x)\nscores = q @ k.T\nreturn F.softmax(scores, dim=1) @ v",
        # linear attention, and soft clusters
        HEADS + "return q.softmax(-1) @ (k.softmax(dim=-2).transpose(-2, -1) @ v)",
        STATES + "w = F.softmax(self.hops(states), dim=1)\nreturn w.transpose(1, 2) @ states",
        STATES + "w = F.softmax(self.hops(states), dim=2)\nreturn w.transpose(1, 2) @ states",
        STATES + "w = F.softmax(self.score(states), dim=1)\nreturn (w * states).sum(1)",
        "states, _ = self.time_first(x)\nw = F.softmax(self.score(states), dim=0)\nreturn (w * states).sum(0)",
        STATES
        + "states = states.transpose(0, 1)\nw = F.softmax(self.score(states), dim=0)\nreturn (w * states).sum(0)",
        "w = F.softmax(self.score(x).squeeze(-1), dim=1)\nreturn (w.unsqueeze(-1) * x).sum(dim=1)",
        "w = F.softmax(self.score(x).squeeze(-1), dim=1)\nreturn torch.bmm(w.unsqueeze(1), x).squeeze(1)",
        STATES + "return F.log_softmax(self.out(states), dim=2)",
        STATES + "return F.log_softmax(self.out(states[:, -1]), dim=1)",
        STATES + "return F.log_softmax(self.out(states.reshape(-1, states.size(2))), dim=1)",
        STATES + "return F.log_softmax(self.span(states), dim=1)",  # where an answer starts and ends
        "return F.log_softmax(self.out(x), dim=0)",  # one state at a time
        "return F.log_softmax(self.out(x), dim=1)",
        "return F.log_softmax(self.conv(x), dim=1)",
        (
            "b = torch.zeros(8, 5, 7)\nfor _ in range(3):\n    c = F.softmax(b, dim=1)\n"
            "    s = (c.unsqueeze(-1) * h).sum(2)\n    b = b + (h * s.unsqueeze(2)).sum(-1)\nreturn s"
        ),
    ],
)
def test_an_axis_that_is_meant(read: Read, body: str) -> None:
    assert _read(read, body) == []
