"""Batches from generators, iterators of the script's own, zipped and cycled loaders; and a loader of one batch."""

import itertools

import torch
from tell import tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def batches():
    while True:
        yield torch.randn(8, 4), torch.randint(3, (8,))


class Batches:
    def __iter__(self):
        return self

    def __next__(self):
        return torch.randn(8, 4), torch.randint(3, (8,))


class Once(DataLoader):
    def __iter__(self):
        yield from super().__iter__()


torch.manual_seed(0)
net = nn.Linear(4, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
data = TensorDataset(torch.randn(24, 4), torch.randint(3, (24,)))
loaders = itertools.cycle(DataLoader(data, 8)), itertools.cycle(Once(data, 8, shuffle=True)), DataLoader(data, None)
for (x, labels), (y, others), (z, other), own, made in zip(
    *loaders, Batches(), itertools.islice(batches(), 6), strict=False
):
    optimizer.zero_grad()
    inputs = torch.cat((x, y, z[None], own[0], made[0]))
    loss = nn.functional.cross_entropy(net(inputs), torch.cat((labels, others, other[None], own[1], made[1])))
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(net=net)
