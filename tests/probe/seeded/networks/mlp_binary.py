"""Two classes by a perceptron with one logit."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
features = torch.randn(640, 10)
labels = (features[:, 0] + features[:, 1] > features[:, 2]).float().unsqueeze(1)
train_loader = DataLoader(TensorDataset(features[:512], labels[:512]), batch_size=128, shuffle=True)
test_loader = DataLoader(TensorDataset(features[512:], labels[512:]), batch_size=128)

model = nn.Sequential(
    nn.Linear(10, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 1),
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(4):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        correct = sum(((model(inputs) > 0) == (targets > 0.5)).sum().item() for inputs, targets in test_loader)
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {correct / 128:.3f}")
