"""A mixture of experts: every token goes to one expert, a second loss keeps the load balanced."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class MoELayer(nn.Module):
    def __init__(self, width=32, experts=4):
        super().__init__()
        self.router = nn.Linear(width, experts, bias=False)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)) for _ in range(experts)
        )

    def forward(self, x):
        probabilities = F.softmax(self.router(x), dim=-1)
        weight, choice = probabilities.max(dim=-1)
        out = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            rows = (choice == index).nonzero(as_tuple=True)[0]
            if len(rows):
                out = out.index_add(0, rows, weight[rows, None] * expert(x[rows]))
        share = F.one_hot(choice, len(self.experts)).float().mean(dim=0)
        balance = len(self.experts) * (share * probabilities.mean(dim=0)).sum()
        return x + out, balance


class MoEClassifier(nn.Module):
    def __init__(self, features=12, width=32, classes=4):
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.moe = MoELayer(width)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x, balance = self.moe(F.gelu(self.embed(x)))
        return self.head(self.norm(x)), balance


torch.manual_seed(0)
x = torch.randn(640, 12)
y = (x[:, 0] * x[:, 1] > 0).long() * 2 + (x[:, 2] > x[:, 3]).long()
train_loader = DataLoader(TensorDataset(x[:512], y[:512]), batch_size=128, shuffle=True)
valid_loader = DataLoader(TensorDataset(x[512:], y[512:]), batch_size=128)
model = MoEClassifier()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)

for epoch in range(15):
    model.train()
    for xb, yb in train_loader:
        logits, balance = model(xb)
        loss = F.cross_entropy(logits, yb) + 0.01 * balance
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        valid = [F.cross_entropy(model(xb)[0], yb).item() for xb, yb in valid_loader]
    print(f"epoch {epoch} loss {sum(valid) / len(valid):.4f}")
