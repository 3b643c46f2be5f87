"""Networks, batches and graphs that are let go are gone, also while the run is watched."""

import gc
import weakref

import torch
from torch import nn

torch.manual_seed(0)


def alive(things):
    return [thing() is not None for thing in things]


def fold(number):
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _step in range(4):
        x = torch.randn(8, 4)
        optimizer.zero_grad()
        output = net(x)
        seen = [weakref.ref(x), weakref.ref(output)]
        loss = nn.functional.cross_entropy(output, torch.randint(3, (8,)))
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
        del x, output, loss
        print(alive(seen))
    return [weakref.ref(net), weakref.ref(net[0].weight), weakref.ref(optimizer)]


for number in range(3):
    gone = fold(number)
    gc.collect()
    print(alive(gone))
