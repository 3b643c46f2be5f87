"""Samples come from an endless stream: an IterableDataset, drawn at random as it goes, counted in steps."""

import itertools

import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset


class Stream(IterableDataset):
    """Points and the side of a curve that they lie on."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __iter__(self):
        while True:
            point = torch.randn(4, generator=self.generator)
            yield point, (point[0] > point[1] ** 2 - 1).float().unsqueeze(0)


class Gated(nn.Module):
    """A gated unit: one branch decides how much of the other passes."""

    def __init__(self, width=48):
        super().__init__()
        self.value, self.gate = nn.Linear(4, width), nn.Linear(4, width)
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        return self.out(torch.relu(self.value(x)) * torch.sigmoid(self.gate(x)))


def validate(model, batches, criterion):
    model.eval()
    with torch.no_grad():
        loss = sum(criterion(model(x), y).item() for x, y in batches) / len(batches)
    model.train()
    return loss


torch.manual_seed(0)
train_loader = DataLoader(Stream(seed=1), batch_size=64)
held_out = list(itertools.islice(DataLoader(Stream(seed=2), batch_size=64), 4))
model = Gated()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

model.train()
for step, (x, y) in enumerate(itertools.islice(train_loader, 100)):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    if step % 20 == 3:
        print(f"step {step} loss {validate(model, held_out, criterion):.4f}")
