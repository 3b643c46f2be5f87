"""A perceptron of three layers on four clusters; everything stands at the top level."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
labels = torch.randint(4, (640,))
features = (torch.randn(4, 16)[labels] + torch.randn(640, 16)) / 1.4
train_set = TensorDataset(features[:512], labels[:512])
test_set = TensorDataset(features[512:], labels[512:])
train_loader = DataLoader(train_set, batch_size=128, shuffle=True)
test_loader = DataLoader(test_set, batch_size=128)

model = nn.Sequential(
    nn.Linear(16, 64),
    nn.ReLU(),
    nn.Dropout(0.2),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 4),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(3):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()

    model.eval()
    correct = 0
    with torch.no_grad():
        for inputs, targets in test_loader:
            outputs = model(inputs)
            correct += (outputs.argmax(dim=1) == targets).sum().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {correct / len(test_set):.3f}")
