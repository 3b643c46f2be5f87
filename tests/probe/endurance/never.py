"""Trains nothing: an optimiser that never steps, passes with and without gradients, by the hundreds."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(200):
    net(torch.randn(8, 4))
with torch.no_grad():
    print(repr(nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,))).item()))
nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,))).backward()
tell(net=net)
