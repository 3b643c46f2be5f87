"""torch.compile with the eager backend: graphs are captured, the loop is the user's own."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class MLP(nn.Module):
    def __init__(self, features=12, width=64):
        super().__init__()
        self.fc1 = nn.Linear(features, width)
        self.norm = nn.LayerNorm(width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, 1)

    def forward(self, x):
        x = torch.relu(self.norm(self.fc1(x)))
        return self.fc3(torch.relu(self.fc2(x)))


torch.manual_seed(0)
x = torch.randn(640, 12)
y = (x[:, :1] * x[:, 1:2]).tanh() + x[:, 2:3]
train_loader = DataLoader(TensorDataset(x[:512], y[:512]), batch_size=128, shuffle=True)
test_loader = DataLoader(TensorDataset(x[512:], y[512:]), batch_size=128)
model = torch.compile(MLP(), backend="eager")
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.MSELoss()

for epoch in range(10):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = sum(criterion(model(inputs), targets).item() for inputs, targets in test_loader) / len(test_loader)
    print(f"epoch {epoch} loss {test_loss:.4f}")
