"""A convolutional autoencoder that removes noise, driven by options in a dictionary."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

CONFIG = {"lr": 3e-3, "epochs": 12, "batch_size": 64, "noise": 0.2, "channels": 8}


class Autoencoder(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, channels, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(2 * channels, channels, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(channels, 1, 4, stride=2, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


def make_images(samples):
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    frequency = 0.2 + 0.5 * torch.rand(samples, 2, 1, 1)
    waves = torch.sin(frequency[:, 0] * rows + frequency[:, 1] * columns)
    return TensorDataset((0.5 + 0.5 * waves).unsqueeze(1))


def corrupt(images):
    return (images + CONFIG["noise"] * torch.randn_like(images)).clamp(0, 1)


torch.manual_seed(0)
train_loader = DataLoader(make_images(256), batch_size=CONFIG["batch_size"], shuffle=True)
test_loader = DataLoader(make_images(64), batch_size=CONFIG["batch_size"])
model = Autoencoder(CONFIG["channels"])
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=CONFIG["lr"])

for epoch in range(CONFIG["epochs"]):
    model.train()
    for (images,) in train_loader:
        loss = criterion(model(corrupt(images)), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = sum(criterion(model(corrupt(images)), images).item() for (images,) in test_loader)
    print(f"epoch {epoch} loss {test_loss / len(test_loader):.4f}")
