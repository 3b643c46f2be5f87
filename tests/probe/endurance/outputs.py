"""Networks that return dictionaries, dataclasses, records, tuples, lists, nothing; arguments by keyword only."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import torch
from tell import tell
from torch import nn


@dataclass
class Data:
    logits: torch.Tensor
    loss: torch.Tensor | None = None


class Record(NamedTuple):
    logits: torch.Tensor
    extra: dict


class Fields(OrderedDict):
    @property
    def logits(self):
        return self["logits"]


class Own:
    def __init__(self, logits):
        self.logits = logits


MAKERS = {
    "dict": lambda logits: {"logits": logits, "name": "x", "none": None},
    "dataclass": Data,
    "record": lambda logits: Record(logits, {"size": 3}),
    "tuple": lambda logits: (logits, (logits.mean(), [logits])),
    "list": lambda logits: [logits, 3],
    "fields": lambda logits: Fields(logits=logits),
    "own": Own,
    "nothing": lambda logits: None,
}


class Net(nn.Module):
    def __init__(self, make):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.make = make
        self.kept = None

    def forward(self, *, x, scale=1.0, **others):
        self.kept = self.layer(x) * scale
        return self.make(self.kept)


torch.manual_seed(0)
nets = {name: Net(make) for name, make in MAKERS.items()}
optimizers = {name: torch.optim.SGD(net.parameters(), lr=0.1) for name, net in nets.items()}
for _step in range(6):
    for name, net in nets.items():
        optimizers[name].zero_grad()
        output = net(x=torch.randn(8, 4), scale=2.0, unused="yes")
        logits = net.kept if output is None else output[0] if isinstance(output, tuple | list) else None
        if logits is None:
            logits = output["logits"] if isinstance(output, dict) else output.logits
        loss = nn.functional.cross_entropy(logits, torch.randint(3, (8,)))
        loss.backward()
        optimizers[name].step()
        print(repr(loss.item()))
tell(**{name: net.layer for name, net in nets.items()})
