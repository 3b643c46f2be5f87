"""A variational autoencoder on binary images: reconstruction plus KL divergence."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader


class VAE(nn.Module):
    def __init__(self, pixels=64, hidden=64, latent=4):
        super().__init__()
        self.fc1 = nn.Linear(pixels, hidden)
        self.mean = nn.Linear(hidden, latent)
        self.log_variance = nn.Linear(hidden, latent)
        self.fc3 = nn.Linear(latent, hidden)
        self.fc4 = nn.Linear(hidden, pixels)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.mean(h), self.log_variance(h)

    def reparameterize(self, mean, log_variance):
        return mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mean, log_variance = self.encode(x.view(-1, 64))
        return self.decode(self.reparameterize(mean, log_variance)), mean, log_variance


def loss_function(reconstruction, x, mean, log_variance):
    likelihood = F.binary_cross_entropy(reconstruction, x.view(-1, 64), reduction="sum")
    divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
    return (likelihood + divergence) / len(x)


def make_images(samples):
    """Bright rectangles on a dark ground, pixels in 0..1."""
    images = torch.zeros(samples, 1, 8, 8)
    for image in images:
        top, left = torch.randint(0, 4, (2,)).tolist()
        image[0, top : top + 4, left : left + 4] = 1.0
    return images


torch.manual_seed(0)
train_loader = DataLoader(make_images(512), batch_size=128, shuffle=True)
test_loader = DataLoader(make_images(128), batch_size=128)
model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(15):
    model.train()
    for images in train_loader:
        optimizer.zero_grad()
        reconstruction, mean, log_variance = model(images)
        loss = loss_function(reconstruction, images, mean, log_variance)
        loss.backward()
        optimizer.step()

    model.eval()
    with torch.no_grad():
        total = 0.0
        for images in test_loader:
            reconstruction, mean, log_variance = model(images)
            total += loss_function(reconstruction, images, mean, log_variance).item()
    print(f"epoch {epoch} loss {total / len(test_loader):.3f}")
