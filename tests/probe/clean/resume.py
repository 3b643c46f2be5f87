"""Training is saved half-way and resumed in new objects: weights, optimiser, schedule and epoch."""

import io

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def build(epochs):
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 5))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[epochs // 2], gamma=0.1)
    return model, optimizer, scheduler


def train(model, optimizer, scheduler, loaders, epochs):
    criterion = nn.CrossEntropyLoss()
    train_loader, val_loader = loaders
    for epoch in epochs:
        model.train()
        for inputs, labels in train_loader:
            loss = criterion(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            loss = sum(criterion(model(inputs), labels).item() for inputs, labels in val_loader) / len(val_loader)
        print(f"epoch {epoch} loss {loss:.4f}")


def main(epochs=8):
    torch.manual_seed(0)
    inputs = torch.randn(640, 20)
    labels = (inputs @ torch.randn(20, 5)).argmax(dim=1)
    train_loader = DataLoader(TensorDataset(inputs[:512], labels[:512]), batch_size=128, shuffle=True)
    val_loader = DataLoader(TensorDataset(inputs[512:], labels[512:]), batch_size=128)
    parts = build(epochs)
    train(*parts, (train_loader, val_loader), range(epochs // 2))

    file = io.BytesIO()
    torch.save([part.state_dict() for part in parts], file)
    file.seek(0)

    resumed = build(epochs)
    for part, state in zip(resumed, torch.load(file, weights_only=True)):
        part.load_state_dict(state)
    train(*resumed, (train_loader, val_loader), range(epochs // 2, epochs))


if __name__ == "__main__":
    main()
