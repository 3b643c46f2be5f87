"""DataParallel on a machine without GPUs calls the network itself."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
net = nn.DataParallel(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _step in range(6):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,)))
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(net=net.module)
