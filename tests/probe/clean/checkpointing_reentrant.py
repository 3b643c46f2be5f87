"""Re-entrant checkpointing of a Sequential: the first pass through a segment runs without gradients."""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint_sequential
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(384, 1, 32)
labels = (x[:, 0, :16].pow(2).sum(1) > x[:, 0, 16:].pow(2).sum(1)).long()
train_loader = DataLoader(TensorDataset(x[:256], labels[:256]), batch_size=64, shuffle=True)
test_loader = DataLoader(TensorDataset(x[256:], labels[256:]), batch_size=128)

stem = nn.Conv1d(1, 16, 3, padding=1)
body = nn.Sequential(
    nn.ReLU(),
    nn.Conv1d(16, 16, 3, padding=1),
    nn.ReLU(),
    nn.Conv1d(16, 16, 3, padding=1),
    nn.ReLU(),
    nn.Flatten(),
)
head = nn.Linear(16 * 32, 2)
model = nn.ModuleDict({"stem": stem, "body": body, "head": head})
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()


def forward(inputs):
    hidden = model["stem"](inputs)
    if model.training:
        hidden = checkpoint_sequential(model["body"], 2, hidden, use_reentrant=True)
    else:
        hidden = model["body"](hidden)
    return model["head"](hidden)


for epoch in range(10):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(forward(inputs), targets)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        losses = [criterion(forward(inputs), targets).item() for inputs, targets in test_loader]
    print(f"epoch {epoch} loss {sum(losses) / len(losses):.4f}")
