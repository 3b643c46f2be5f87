"""Weights that no optimiser of torch steps: by hand, and by a class that only looks like one."""

import torch
from tell import tell
from torch import nn


class Duck:
    def __init__(self, parameters):
        self.param_groups = [{"params": list(parameters), "lr": 0.1}]

    @torch.no_grad()
    def step(self):
        for parameter in self.param_groups[0]["params"]:
            parameter -= 0.1 * parameter.grad

    def zero_grad(self):
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None


torch.manual_seed(0)
nets = [nn.Linear(4, 3) for _ in range(2)]
duck = Duck(nets[1].parameters())
for _step in range(6):
    x, labels = torch.randn(8, 4), torch.randint(3, (8,))
    loss = sum(nn.functional.cross_entropy(net(x), labels) for net in nets)
    for parameter in nets[0].parameters():
        parameter.grad = None
    duck.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in nets[0].parameters():
            parameter -= 0.1 * parameter.grad
    duck.step()
    print(repr(loss.item()))
tell(first=nets[0], second=nets[1])
