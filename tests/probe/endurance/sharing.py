"""A layer that is called several times in a pass, tied weights, a module at two paths, a network inside two others."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self, trunk):
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.trunk = trunk
        self.again = self.trunk
        self.act = nn.ReLU()
        self.head = nn.Linear(8, 10, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        x = self.embed(tokens)
        for _ in range(3):
            x = self.act(self.again(self.trunk(x)))
        return self.head(x)


trunk = nn.Linear(8, 8)
first, second = Net(trunk), Net(trunk)
optimizer = torch.optim.SGD({*first.parameters(), *second.parameters()}, lr=0.1)
for _step in range(6):
    optimizer.zero_grad()
    tokens = torch.randint(10, (4, 5))
    loss = nn.functional.cross_entropy((first(tokens) + second(tokens)).flatten(0, 1), tokens.flatten())
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(first=first, second=second)
