"""LBFGS, which calls its closure many times, beside a network whose weights are parametrised."""

import torch
from tell import tell
from torch import nn
from torch.nn.utils import parametrizations

torch.manual_seed(0)
net = nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 8)), nn.Tanh(), nn.Linear(8, 1))
net[2] = parametrizations.spectral_norm(net[2])
optimizer = torch.optim.LBFGS(net.parameters(), max_iter=5, line_search_fn="strong_wolfe")
x = torch.randn(16, 4)
calls = 0


def closure():
    global calls
    calls += 1
    optimizer.zero_grad()
    loss = nn.functional.smooth_l1_loss(net(x), x.sum(1, keepdim=True))
    loss.backward()
    return loss


for _step in range(5):
    print(repr(optimizer.step(closure).item()), calls)
tell(optimizer=optimizer, weights=dict(net.state_dict()))
