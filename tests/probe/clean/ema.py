"""An exponential moving average of the weights, kept in a deep copy that is evaluated."""

import copy

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class EMA:
    def __init__(self, model, decay=0.9):
        self.decay = decay
        self.module = copy.deepcopy(model).eval()
        self.module.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for average, parameter in zip(self.module.parameters(), model.parameters()):
            average.lerp_(parameter, 1 - self.decay)
        for average, buffer in zip(self.module.buffers(), model.buffers()):
            average.copy_(buffer)


class ConvNet(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(inplace=True),
        )
        self.classifier = nn.Linear(16 * 6 * 6, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


torch.manual_seed(0)
prototypes = torch.randn(3, 1, 12, 12)
labels = torch.randint(3, (320,))
images = 0.7 * (prototypes[labels] + torch.randn(320, 1, 12, 12))
train_loader = DataLoader(TensorDataset(images[:256], labels[:256]), batch_size=64, shuffle=True)
test_loader = DataLoader(TensorDataset(images[256:], labels[256:]), batch_size=64)

model = ConvNet()
ema = EMA(model)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for epoch in range(6):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        ema.update(model)
    with torch.no_grad():
        test_loss = sum(F.cross_entropy(ema.module(inputs), targets).item() for inputs, targets in test_loader)
    print(f"epoch {epoch} loss {test_loss / len(test_loader):.4f}")
