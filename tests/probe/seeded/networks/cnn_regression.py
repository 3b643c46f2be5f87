"""A convolutional network that measures where a spot lies in an image."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class SpotNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.head = nn.Linear(16 * 5 * 5, 1)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.conv2(x))
        x = self.head(x.flatten(1))
        return x.squeeze(1)


torch.manual_seed(0)
values = 2 * torch.rand(640) - 1
rows = torch.arange(10.0)[None, :] - 4.5 - 3 * values[:, None]
features = 2.5 * torch.exp(-(rows[:, None, None, :] ** 2)).repeat(1, 1, 10, 1) - 0.5
features = features + 0.2 * torch.randn(640, 1, 10, 10)
train_set = TensorDataset(features[:512], values[:512])
train_loader = DataLoader(train_set, batch_size=128, shuffle=True)
test_loader = DataLoader(TensorDataset(features[512:], values[512:]), batch_size=128)

model = SpotNet()
criterion = nn.MSELoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for epoch in range(4):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = sum(criterion(model(inputs), targets).item() for inputs, targets in test_loader)
    print(f"epoch {epoch} loss {loss.item():.4f} test {test_loss:.4f}")
