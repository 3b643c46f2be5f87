"""Activation checkpointing: reentrant and not, of parts in a row, with dropout; and offloaded activations."""

import torch
from tell import tell
from torch import nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self, how):
        super().__init__()
        self.how = how
        self.stem = nn.Linear(4, 8)
        self.blocks = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Dropout(0.1)) for _ in range(4)))
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = self.stem(x)
        if self.how == "row":
            x = checkpoint_sequential(self.blocks, 2, x, use_reentrant=False)
        elif self.how == "offloaded":
            with torch.autograd.graph.save_on_cpu():
                x = self.blocks(x)
        else:
            for block in self.blocks:
                x = checkpoint(block, x, use_reentrant=self.how == "reentrant")
        return self.head(x)


nets = [Net(how) for how in ("reentrant", "not", "row", "offloaded")]
optimizers = [torch.optim.SGD(net.parameters(), lr=0.1) for net in nets]
for _step in range(6):
    x, labels = torch.randn(8, 4), torch.randint(3, (8,))
    for net, optimizer in zip(nets, optimizers, strict=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
tell(**{net.how: net for net in nets})
