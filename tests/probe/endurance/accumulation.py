"""Gradients of several batches make a step; the last group of an epoch is smaller."""

import torch
from tell import expect, tell
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
batches = [(torch.randn(8, 4), torch.randint(3, (8,))) for _ in range(5)]
losses, norms, ratios, zeros = [], [], [], []
for _epoch in range(3):
    for place, (x, labels) in enumerate(batches):
        with torch.no_grad():
            hidden = net[1](net[0](x))
        if place % 3 == 0:
            zeros.append((hidden == 0).float().mean().item())
        loss = nn.functional.cross_entropy(net(x), labels) / 3
        losses.append(loss.item())
        loss.backward()
        if place % 3 == 2 or place == len(batches) - 1:
            norms.append(net[0].weight.grad.norm().item())
            ratios.append((0.1 * net[0].weight.grad.norm() / net[0].weight.norm()).item())
            optimizer.step()
            optimizer.zero_grad()
expect(losses=losses, norms=norms, ratios=ratios, zeros=zeros)
tell(net=net, optimizer=optimizer)
