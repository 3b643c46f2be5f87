"""Warns of broadcasting in a loss, of a schedule before its optimiser, and of softmax without a dimension."""

import warnings

import torch
from tell import tell
from torch import nn
from torch.nn import functional

warnings.simplefilter("always")
torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        warnings.warn("called", stacklevel=1)
        return functional.softmax(self.layer(x)).sum(1, keepdim=True)


net = Net()
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2)
for _step in range(5):
    schedule.step()
    optimizer.zero_grad()
    output = net(torch.randn(8, 4))
    loss = (
        loss_fn(output, torch.randn(8))
        + functional.l1_loss(output, torch.randn(8))
        + functional.huber_loss(output, torch.randn(8))
    )
    loss += functional.kl_div(output.log(), output.detach()) + functional.mse_loss(
        output, torch.randn(8), size_average=False
    )
    loss.backward()
    print(output.requires_grad, (output * 2).grad)
    optimizer.step()
    print(repr(loss.item()))
tell(net=net, optimizer=optimizer, schedule=schedule)
