"""Two classes of textures by a small convolutional network."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class TextureNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()
        )
        self.head = nn.Linear(16, 1)

    def forward(self, x):
        x = self.features(x).mean(dim=(2, 3))
        return self.head(x)


def make_set(samples):
    labels = torch.randint(2, (samples, 1)).float()
    rows = torch.arange(10.0)[:, None].expand(10, 10)
    rows = torch.where(labels[:, :, None, None] > 0.5, rows, rows.t())
    images = 1.2 * torch.sin(2 * rows + 6 * torch.rand(samples, 1, 1, 1)) + 0.5 * torch.randn(samples, 1, 10, 10)
    return TensorDataset(images, labels)


def main(epochs=4):
    torch.manual_seed(0)
    train_loader = DataLoader(make_set(512), batch_size=128, shuffle=True)
    test_loader = DataLoader(make_set(128), batch_size=128)
    model = TextureNet()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(epochs):
        model.train()
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            correct = sum(((model(inputs) > 0) == (targets > 0.5)).sum().item() for inputs, targets in test_loader)
        print(f"epoch {epoch} loss {loss.item():.4f} accuracy {correct / 128:.3f}")


if __name__ == "__main__":
    main()
