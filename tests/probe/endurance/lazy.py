"""Layers that learn their sizes in the first pass, layers made in forward, layers that are replaced and added."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(8)
        )
        self.head = nn.Linear(8, 3)
        self.late = None

    def forward(self, x):
        x = nn.ReLU()(self.layers(x))
        if self.late is None:
            self.late = nn.Linear(8, 8)
        fresh = nn.Linear(8, 8)
        return self.head(nn.Dropout(0.1)(self.late(x)) + fresh(x))


net = Net()
net(torch.randn(2, 1, 6, 6))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(6):
    if step == 2:
        net.head = nn.Linear(8, 3)
        optimizer.add_param_group({"params": net.head.parameters()})
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(torch.randn(8, 1, 6, 6)), torch.randint(3, (8,)))
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(net=net)
