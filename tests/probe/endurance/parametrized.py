"""Weights that are computed from others: old and new norms, orthogonal, pruned, and cached for a while."""

import torch
from tell import tell
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune


class Symmetric(nn.Module):
    def forward(self, weight):
        return weight.triu() + weight.triu(1).t()


torch.manual_seed(0)
net = nn.Sequential(
    nn.utils.spectral_norm(nn.Linear(4, 4)),
    parametrizations.orthogonal(nn.Linear(4, 4)),
    parametrize.register_parametrization(nn.Linear(4, 4), "weight", Symmetric()) or nn.Identity(),
    prune.l1_unstructured(nn.Linear(4, 4), "weight", 0.5),
    parametrizations.weight_norm(nn.Linear(4, 3)),
)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(6):
    optimizer.zero_grad()
    with parametrize.cached() if step % 2 else torch.enable_grad():
        loss = nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,)))
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(weights=dict(net.state_dict()), optimizer=optimizer)
