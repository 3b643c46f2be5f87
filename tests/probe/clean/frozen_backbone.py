"""Transfer: a trained backbone is frozen, its batch normalisation kept in evaluation mode, a new head learns."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
        )
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(16 * 5 * 5, classes))

    def forward(self, x):
        return self.head(self.backbone(x))


class FineTuned(Net):
    """Keeps the frozen backbone in evaluation mode whatever train() says."""

    def train(self, mode=True):
        super().train(mode)
        self.backbone.eval()
        return self


def loaders(classes):
    prototypes = torch.randn(classes, 1, 10, 10)
    labels = torch.randint(classes, (320,))
    images = 0.7 * (prototypes[labels] + torch.randn(320, 1, 10, 10))
    train, test = TensorDataset(images[:256], labels[:256]), TensorDataset(images[256:], labels[256:])
    return DataLoader(train, batch_size=64, shuffle=True), DataLoader(test, batch_size=64)


def fit(model, train_loader, test_loader, optimizer, epochs):
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = sum(criterion(model(images), labels).item() for images, labels in test_loader) / len(test_loader)
        print(f"epoch {epoch} loss {loss:.4f}")


torch.manual_seed(0)
source = Net(classes=6)
fit(source, *loaders(6), torch.optim.AdamW(source.parameters(), lr=1e-3), epochs=1)

model = FineTuned(classes=3)
model.backbone.load_state_dict(source.backbone.state_dict())
model.backbone.requires_grad_(False)
fit(model, *loaders(3), torch.optim.AdamW(model.head.parameters(), lr=1e-3), epochs=6)
