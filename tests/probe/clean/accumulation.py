"""Gradients of four small batches are accumulated before each step; the tail of an epoch is stepped too."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def build_model():
    return nn.Sequential(
        nn.Linear(16, 64), nn.LayerNorm(64), nn.GELU(), nn.Dropout(0.1), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 4)
    )


def train_one_epoch(model, loader, criterion, optimizer, accumulation_steps):
    model.train()
    optimizer.zero_grad()
    for index, (inputs, labels) in enumerate(loader):
        loss = criterion(model(inputs), labels) / accumulation_steps
        loss.backward()
        if (index + 1) % accumulation_steps == 0 or index + 1 == len(loader):
            optimizer.step()
            optimizer.zero_grad()


def evaluate(model, loader, criterion):
    model.eval()
    with torch.no_grad():
        return sum(criterion(model(inputs), labels).item() for inputs, labels in loader) / len(loader)


def main():
    torch.manual_seed(0)
    inputs = torch.randn(640, 16)
    labels = (inputs @ torch.randn(16, 4)).argmax(dim=1)
    train_loader = DataLoader(TensorDataset(inputs[:512], labels[:512]), batch_size=32, shuffle=True)
    test_loader = DataLoader(TensorDataset(inputs[512:], labels[512:]), batch_size=64)
    model = build_model()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(10):
        train_one_epoch(model, train_loader, criterion, optimizer, accumulation_steps=4)
        print(f"epoch {epoch} loss {evaluate(model, test_loader, criterion):.4f}")


if __name__ == "__main__":
    main()
