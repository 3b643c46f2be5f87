"""Whether a signal rises or falls, by a recurrent network with one logit for each sample."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class TrendNet(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        x = self.gru(x)[0][:, -1]
        return self.head(x)


def train(model, train_loader, criterion, optimizer):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    return loss.item()


def test(model, test_loader, criterion):
    model.eval()
    with torch.no_grad():
        return sum(criterion(model(inputs), targets).item() for inputs, targets in test_loader) / len(test_loader)


torch.manual_seed(0)
slopes = torch.randn(640, 1, 1)
features = slopes * torch.linspace(-1, 1, 12)[None, :, None] + 0.5 * torch.randn(640, 12, 1)
labels = (slopes[:, 0] > 0).float()
train_loader = DataLoader(TensorDataset(features[:512], labels[:512]), batch_size=128, shuffle=True)
test_loader = DataLoader(TensorDataset(features[512:], labels[512:]), batch_size=128)
model = TrendNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(4):
    loss = train(model, train_loader, criterion, optimizer)
    print(f"epoch {epoch} loss {loss:.4f} test {test(model, test_loader, criterion):.4f}")
