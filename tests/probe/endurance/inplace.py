"""Activations and sums that overwrite their inputs; a layer of which half the units are dead."""

import torch
from tell import expect, tell
from torch import nn
from torch.nn import functional

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.ReLU(inplace=True)
        self.wide = nn.Linear(8, 16)
        self.dead = nn.ReLU()
        self.head = nn.Linear(16, 3)
        with torch.no_grad():
            self.wide.bias[:8] = -1000.0

    def forward(self, x):
        y = self.act(self.norm(self.conv(x)))
        y = functional.relu_(self.conv(x)) + y
        y += 1.0
        y.mul_(0.5)
        return self.head(self.dead(self.wide(y.mean((2, 3)))))


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for _step in range(6):
    optimizer.zero_grad()
    loss = functional.cross_entropy(net(torch.randn(8, 1, 6, 6)), torch.randint(3, (8,)))
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
expect(dead=0.5)
tell(net=net)
