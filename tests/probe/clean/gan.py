"""A generative adversarial network: two optimisers that take turns."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
angles = 2 * torch.pi * torch.rand(1024)
ring = torch.stack([angles.cos(), angles.sin()], dim=1) + 0.05 * torch.randn(1024, 2)
dataloader = DataLoader(TensorDataset(ring), batch_size=128, shuffle=True)

latent_dim = 8
generator = nn.Sequential(
    nn.Linear(latent_dim, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 2),
)
discriminator = nn.Sequential(
    nn.Linear(2, 64),
    nn.LeakyReLU(0.2),
    nn.Linear(64, 64),
    nn.LeakyReLU(0.2),
    nn.Linear(64, 1),
)
adversarial_loss = nn.BCEWithLogitsLoss()
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))

for epoch in range(20):
    for (real,) in dataloader:
        valid = torch.ones(len(real), 1)
        fake = torch.zeros(len(real), 1)

        optimizer_g.zero_grad()
        samples = generator(torch.randn(len(real), latent_dim))
        g_loss = adversarial_loss(discriminator(samples), valid)
        g_loss.backward()
        optimizer_g.step()

        optimizer_d.zero_grad()
        real_loss = adversarial_loss(discriminator(real), valid)
        fake_loss = adversarial_loss(discriminator(samples.detach()), fake)
        d_loss = (real_loss + fake_loss) / 2
        d_loss.backward()
        optimizer_d.step()

    with torch.no_grad():
        radius = generator(torch.randn(512, latent_dim)).norm(dim=1)
    print(f"epoch {epoch} g_loss {g_loss.item():.3f} d_loss {d_loss.item():.3f} error {(radius - 1).abs().mean():.3f}")
