"""Eight plain layers without normalisation, in a loop."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class DeepMLP(nn.Module):
    def __init__(self, features=16, width=64, depth=8, classes=4):
        super().__init__()
        sizes = [features] + [width] * depth
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])
        self.activation = nn.ReLU()
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        for layer in self.layers:
            x = self.activation(layer(x))
        return self.head(x)


def initialize(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


torch.manual_seed(0)
labels = torch.randint(4, (640,))
features = (torch.randn(4, 16)[labels] + torch.randn(640, 16)) / 1.4
train_loader = DataLoader(TensorDataset(features[:512], labels[:512]), batch_size=128, shuffle=True)

model = DeepMLP()
model.layers.apply(initialize)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(4):
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} loss {loss.item():.4f}")
