"""Warns of broadcasting in a loss, of a schedule before its optimiser, and of softmax without a dimension."""

import warnings

import torch
from tell import tell
from torch import nn
from torch.nn import functional as F

warnings.simplefilter("always")
torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        warnings.warn("called", stacklevel=1)
        return F.softmax(self.layer(x)).sum(1, keepdim=True)


net = Net()
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2)
for _step in range(5):
    schedule.step()
    optimizer.zero_grad()
    output = net(torch.randn(8, 4))
    loss = loss_fn(output, torch.randn(8)) + F.l1_loss(output, torch.randn(8)) + F.huber_loss(output, torch.randn(8))
    loss += F.kl_div(output.log(), output.detach()) + F.mse_loss(output, torch.randn(8), size_average=False)
    loss.backward()
    print(output.requires_grad, (output * 2).grad)
    optimizer.step()
    print(repr(loss.item()))
tell(net=net, optimizer=optimizer, schedule=schedule)
