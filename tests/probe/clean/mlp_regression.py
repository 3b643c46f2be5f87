"""Top-level script: a multi-layer perceptron fitted to a smooth function."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(640, 8)
y = torch.sin(x[:, :4]).sum(dim=1, keepdim=True) + 0.05 * torch.randn(640, 1)
train_loader = DataLoader(TensorDataset(x[:512], y[:512]), batch_size=128, shuffle=True)
test_loader = DataLoader(TensorDataset(x[512:], y[512:]), batch_size=128)

model = nn.Sequential(
    nn.Linear(8, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 1),
)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(20):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()

    model.eval()
    with torch.no_grad():
        errors = [criterion(model(inputs), targets).item() for inputs, targets in test_loader]
    print(f"epoch {epoch} loss {sum(errors) / len(errors):.4f}")
