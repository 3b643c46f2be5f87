"""Convolutions with batch normalisation, and a Dataset of the script's own."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Stripes(Dataset):
    """Horizontal, vertical and diagonal stripes under noise."""

    def __init__(self, samples, seed):
        generator = torch.Generator().manual_seed(seed)
        rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
        patterns = torch.stack([torch.sin(rows), torch.sin(columns), torch.sin(rows + columns)])
        self.labels = torch.randint(3, (samples,), generator=generator)
        noise = torch.randn(samples, 1, 16, 16, generator=generator)
        self.images = (patterns[self.labels].unsqueeze(1) + noise) / 1.2

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.images[index], self.labels[index]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.bn2(self.conv2(x)))
        return self.fc(x.mean(dim=(2, 3)))


def test(model, loader):
    model.eval()
    loss = 0.0
    with torch.no_grad():
        for images, labels in loader:
            loss += F.cross_entropy(model(images), labels, reduction="sum").item()
    return loss / len(loader.dataset)


torch.manual_seed(0)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
train_loader = DataLoader(Stripes(256, seed=1), batch_size=64, shuffle=True)
test_loader = DataLoader(Stripes(64, seed=2), batch_size=64)
model = Net().to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(6):
    model.train()
    for images, labels in train_loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} loss {test(model, test_loader):.4f}")
