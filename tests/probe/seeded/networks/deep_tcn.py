"""Dilated convolutions over time, eight deep, with the layers written one by one."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

ACTIVATION = nn.ReLU


class TemporalNet(nn.Module):
    def __init__(self, width=24, classes=3):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(2, width, 3, padding=1),
            ACTIVATION(),
            nn.Conv1d(width, width, 3, padding=2, dilation=2),
            ACTIVATION(),
            nn.Conv1d(width, width, 3, padding=4, dilation=4),
            ACTIVATION(),
            nn.Conv1d(width, width, 3, padding=8, dilation=8),
            ACTIVATION(),
            nn.Conv1d(width, width, 3, padding=1),
            ACTIVATION(),
            nn.Conv1d(width, width, 3, padding=2, dilation=2),
            ACTIVATION(),
            nn.Conv1d(width, width, 3, padding=4, dilation=4),
            ACTIVATION(),
            nn.Conv1d(width, width, 3, padding=8, dilation=8),
            ACTIVATION(),
        )
        self.head = nn.Linear(width, classes)
        for layer in self.net:
            if isinstance(layer, nn.Conv1d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.head(self.net(x).mean(dim=2))


torch.manual_seed(0)
labels = torch.randint(3, (640,))
wave = 0.4 * (labels[:, None] + 1) * (torch.arange(16.0) + 6 * torch.rand(640, 1))
features = 1.3 * torch.stack([wave.sin(), wave.cos()], dim=1) + 0.3 * torch.randn(640, 2, 16)
train_loader = DataLoader(TensorDataset(features[:512], labels[:512]), batch_size=64, shuffle=True)

model = TemporalNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
for epoch in range(4):
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} loss {loss.item():.4f}")
