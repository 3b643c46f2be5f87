"""Wasserstein GAN with a gradient penalty: several critic steps for one of the generator, double backward."""

import torch
from torch import autograd, nn
from torch.utils.data import DataLoader, TensorDataset


class Generator(nn.Module):
    def __init__(self, latent=4):
        super().__init__()
        self.latent = latent
        self.net = nn.Sequential(nn.Linear(latent, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, count):
        return self.net(torch.randn(count, self.latent))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
        )

    def forward(self, x):
        return self.net(x).squeeze(1)


def gradient_penalty(critic, real, fake):
    alpha = torch.rand(len(real), 1)
    between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    (gradients,) = autograd.grad(critic(between).sum(), between, create_graph=True)
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean()


def main():
    torch.manual_seed(0)
    centers = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    data = centers.repeat(512, 1) + 0.2 * torch.randn(1024, 2)
    loader = DataLoader(TensorDataset(data), batch_size=128, shuffle=True, drop_last=True)
    generator, critic = Generator(), Critic()
    opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
    opt_c = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    n_critic = 2

    for epoch in range(40):
        for step, (real,) in enumerate(loader):
            fake = generator(len(real)).detach()
            critic_loss = critic(fake).mean() - critic(real).mean() + 2 * gradient_penalty(critic, real, fake)
            opt_c.zero_grad()
            critic_loss.backward()
            opt_c.step()

            if (step + 1) % n_critic == 0:
                generator_loss = -critic(generator(len(real))).mean()
                opt_g.zero_grad()
                generator_loss.backward()
                opt_g.step()

        with torch.no_grad():
            error = torch.cdist(generator(256), centers).min(dim=1).values.mean()
        print(f"epoch {epoch} critic {critic_loss.item():.3f} error {error:.3f}")


if __name__ == "__main__":
    main()
