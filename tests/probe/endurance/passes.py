"""Backward passes of every kind: twice through a graph, of several roots, for some inputs, within a forward pass."""

import torch
from tell import tell
from torch import nn
from torch.nn import functional

torch.manual_seed(0)


class Inner(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight

    @staticmethod
    def backward(ctx, gradient):
        x, weight = (saved.detach().requires_grad_() for saved in ctx.saved_tensors)
        with torch.enable_grad():
            functional.mse_loss(x @ weight, torch.zeros(8, 3), reduction="sum").backward()
            torch.autograd.backward(x @ weight, gradient)
        return x.grad, weight.grad


class Energy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, x):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(self.layer(x).sum(), x, create_graph=True)[0]


net, energy = nn.Linear(4, 3), Energy()
weight = torch.randn(4, 3, requires_grad=True)
optimizer = torch.optim.SGD([*net.parameters(), *energy.parameters(), weight], lr=0.01)
for _step in range(6):
    optimizer.zero_grad()
    x = torch.randn(8, 4)
    output = net(x)
    loss = functional.mse_loss(output, x[:, :3]) + energy(x).square().mean()
    loss.backward(retain_graph=True)
    loss.backward()
    torch.autograd.backward([net(x).sum(), net(x).mean()])
    torch.autograd.backward(part.sum() for part in net(x).split(4))
    net(x).backward(torch.ones(8, 3), inputs=[net.weight])
    torch.autograd.backward(torch.autograd.graph.get_gradient_edge(net(x).sum()))
    Inner.apply(x, weight).sum().backward()
    gradients = torch.autograd.grad(functional.l1_loss(net(x), x[:, :3]), list(net.parameters()))
    for parameter, gradient in zip(net.parameters(), gradients, strict=True):
        parameter.grad += gradient
    optimizer.step()
    print(repr(loss.item()))
tell(net=net, energy=energy, weight=weight)
