"""A compiled network, function and optimiser step: as many graphs and recompilations as ever, once probing is over."""

import random

import numpy as np
import torch
from tell import tell
from torch import nn

backend = "aot_eager"
torch.manual_seed(0)
random.seed(0)
np.random.seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(torch.relu(self.hidden(x)))


net = Net()
compiled = torch.compile(net, backend=backend, fullgraph=True)
inner = Net()
inner.compile(backend=backend)
optimizer = torch.optim.SGD([*net.parameters(), *inner.parameters()], lr=0.1)


@torch.compile(backend=backend)
def criterion(logits, labels):
    print("break")
    return nn.functional.cross_entropy(logits, labels)


for step in range(8):
    x, labels = torch.randn(8 if step < 6 else 5, 4), torch.randint(3, (8 if step < 6 else 5,))
    optimizer.zero_grad()
    loss = criterion(compiled(x) + inner(x), labels)
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
counts = {name: dict(values) for name, values in torch._dynamo.utils.counters.items()}
print(counts["stats"], counts["frames"], counts.get("graph_break"), counts.get("recompile_limit"))
tell(net=net, inner=inner.state_dict(), optimizer=optimizer)
