"""Activation checkpointing without re-entrance: blocks run twice, the second time in the backward pass."""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset


class ResidualBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.net = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * width, width))

    def forward(self, x):
        return x + self.net(self.norm(x))


class Model(nn.Module):
    def __init__(self, features=10, width=48, depth=4):
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.blocks = nn.ModuleList([ResidualBlock(width) for _ in range(depth)])
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            if self.training:
                x = checkpoint(block, x, use_reentrant=False)
            else:
                x = block(x)
        return self.head(x).squeeze(-1)


def main():
    torch.manual_seed(0)
    x = torch.randn(640, 10)
    y = torch.tanh(x[:, 0] * x[:, 1]) + x[:, 2].cos()
    y = (y - y.mean()) / y.std()
    train_loader = DataLoader(TensorDataset(x[:512], y[:512]), batch_size=128, shuffle=True)
    test_loader = DataLoader(TensorDataset(x[512:], y[512:]), batch_size=128)
    model = Model()
    criterion = nn.MSELoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for epoch in range(12):
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


if __name__ == "__main__":
    main()
