"""A residual network in a file of its own, SGD with momentum and a cosine schedule."""

import torch
from models import ResNet
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def make_set(samples, prototypes):
    labels = torch.randint(len(prototypes), (samples,))
    images = prototypes[labels] + torch.randn(samples, 3, 16, 16)
    images = (images - images.mean(dim=(0, 2, 3), keepdim=True)) / images.std(dim=(0, 2, 3), keepdim=True)
    return TensorDataset(images, labels)


def train_epoch(model, loader, criterion, optimizer):
    model.train()
    for images, labels in loader:
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()


@torch.no_grad()
def validate(model, loader, criterion):
    model.eval()
    return sum(criterion(model(images), labels).item() for images, labels in loader) / len(loader)


def main():
    torch.manual_seed(0)
    prototypes = torch.randn(4, 3, 16, 16)
    train_loader = DataLoader(make_set(256, prototypes), batch_size=64, shuffle=True, drop_last=True)
    val_loader = DataLoader(make_set(64, prototypes), batch_size=64)

    epochs = 5
    model = ResNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    for epoch in range(epochs):
        train_epoch(model, train_loader, criterion, optimizer)
        scheduler.step()
        print(f"epoch {epoch} loss {validate(model, val_loader, criterion):.4f}")


if __name__ == "__main__":
    main()
