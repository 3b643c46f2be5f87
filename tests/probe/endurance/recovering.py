"""Exceptions and interrupts in the middle of forward passes, losses, backward passes and steps, all of them caught."""

import contextlib

import torch
from tell import tell
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.raises = None

    def forward(self, x):
        x = self.layer(x)
        if self.raises is not None:
            raise self.raises
        return x


torch.manual_seed(0)
net = nn.Sequential(Net(), nn.Tanh())
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _step in range(6):
    x, labels = torch.randn(8, 4), torch.randint(3, (8,))
    for error in (ValueError("x"), KeyboardInterrupt(), MemoryError()):
        net[0].raises = error
        with contextlib.suppress(type(error)):
            net(x)
        net[0].raises = None
    with contextlib.suppress(ValueError):
        nn.functional.cross_entropy(net(x), labels[:3])
    with contextlib.suppress(RuntimeError):
        net(x).backward()
    with contextlib.suppress(ZeroDivisionError):
        optimizer.step(lambda: 1 / 0)
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(x), labels)
    loss.backward()
    with contextlib.suppress(RuntimeError):
        loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(net=net)
