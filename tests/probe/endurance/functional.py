"""No module at all: parameters are plain tensors; and a network called with weights from elsewhere."""

import torch
from tell import tell
from torch import nn
from torch.nn import functional

torch.manual_seed(0)
weights = [torch.randn(4, 8).mul_(0.1).requires_grad_(), torch.zeros(8, requires_grad=True)]
head = (torch.randn(3, 8) * 0.1).requires_grad_()
net = nn.Linear(4, 3)
fast = {name: value.detach().clone().requires_grad_() for name, value in net.named_parameters()}
optimizer = torch.optim.Adam([*weights, head, *fast.values()], lr=1e-2)
for _step in range(6):
    x, labels = torch.randn(8, 4), torch.randint(3, (8,))
    optimizer.zero_grad()
    logits = functional.linear(torch.tanh(x @ weights[0] + weights[1]), head)
    adapted = {name: value - 0.1 for name, value in fast.items()}
    loss = functional.cross_entropy(logits + torch.func.functional_call(net, adapted, (x,)), labels)
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(weights=weights, head=head, fast=fast, optimizer=optimizer)
