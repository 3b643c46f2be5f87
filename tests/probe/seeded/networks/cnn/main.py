"""Images, the network in another file, functions for training and evaluation, options on the command line."""

import argparse

import torch
from models import Net
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def make_loaders(batch_size):
    labels = torch.randint(4, (640,))
    features = (torch.randn(4, 3, 8, 8)[labels] + torch.randn(640, 3, 8, 8)) / 1.4
    train_set = TensorDataset(features[:512], labels[:512])
    test_set = TensorDataset(features[512:], labels[512:])
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True)
    return train_loader, DataLoader(test_set, batch_size=batch_size)


def train(model, train_loader, criterion, optimizer):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    return loss.item()


def evaluate(model, test_loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for inputs, targets in test_loader:
            outputs = model(inputs)
            correct += (outputs.argmax(dim=1) == targets).sum().item()
    return correct / len(test_loader.dataset)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=128)
    args = parser.parse_args()

    torch.manual_seed(0)
    train_loader, test_loader = make_loaders(args.batch_size)
    model = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for epoch in range(args.epochs):
        loss = train(model, train_loader, criterion, optimizer)
        print(f"epoch {epoch} loss {loss:.4f} accuracy {evaluate(model, test_loader):.3f}")


if __name__ == "__main__":
    main()
