"""One trunk, two heads: a class and a number for each sample, the losses added with a weight."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class MultiTask(nn.Module):
    def __init__(self, features=12, width=64, classes=3):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.heads = nn.ModuleDict({"label": nn.Linear(width, classes), "value": nn.Linear(width, 1)})

    def forward(self, x):
        hidden = self.trunk(x)
        return {name: head(hidden) for name, head in self.heads.items()}


def compute_loss(outputs, labels, values):
    classification = nn.functional.cross_entropy(outputs["label"], labels)
    regression = nn.functional.mse_loss(outputs["value"].squeeze(1), values)
    return classification + 0.5 * regression


def epoch(model, loader, optimizer=None):
    total = 0.0
    for inputs, labels, values in loader:
        loss = compute_loss(model(inputs), labels, values)
        if optimizer:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(inputs)
    return total / len(loader.dataset)


def main():
    torch.manual_seed(0)
    inputs = torch.randn(640, 12)
    labels = (inputs @ torch.randn(12, 3)).argmax(dim=1)
    values = torch.sin(inputs[:, 0]) + 0.5 * inputs[:, 1]
    values = (values - values.mean()) / values.std()
    train_loader = DataLoader(TensorDataset(inputs[:512], labels[:512], values[:512]), batch_size=128, shuffle=True)
    test_loader = DataLoader(TensorDataset(inputs[512:], labels[512:], values[512:]), batch_size=128)
    model = MultiTask()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for number in range(12):
        model.train()
        epoch(model, train_loader, optimizer)
        model.eval()
        with torch.no_grad():
            print(f"epoch {number} loss {epoch(model, test_loader):.4f}")


if __name__ == "__main__":
    main()
