"""A denoiser that predicts the noise at a random time; its output layer and modulation start at zero."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

STEPS = 100


class Block(nn.Module):
    """A residual block whose scale, shift and gate come from the time; the gate starts closed."""

    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(width, 3 * width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x, time):
        shift, scale, gate = self.modulation(F.silu(time)).chunk(3, dim=1)
        return x + gate * self.mlp(self.norm(x) * (1 + scale) + shift)


class Denoiser(nn.Module):
    def __init__(self, width=64, depth=2):
        super().__init__()
        self.width = width
        self.inp = nn.Linear(2, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.out = nn.Linear(width, 2)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x, t):
        frequencies = torch.exp(-math.log(1000) * torch.arange(self.width // 2) / (self.width // 2))
        angles = t[:, None] * frequencies
        time = self.time(torch.cat([angles.sin(), angles.cos()], dim=1))
        x = self.inp(x)
        for block in self.blocks:
            x = block(x, time)
        return self.out(F.layer_norm(x, (self.width,)))


betas = torch.linspace(1e-4, 0.08, STEPS)
alphas = torch.cumprod(1 - betas, dim=0)


def diffusion_loss(model, clean):
    t = torch.randint(STEPS, (len(clean),))
    noise = torch.randn_like(clean)
    keep = alphas[t, None]
    return F.mse_loss(model(keep.sqrt() * clean + (1 - keep).sqrt() * noise, t), noise)


torch.manual_seed(0)
theta = 3 * torch.pi * torch.rand(1280).sqrt()
spiral = torch.stack([theta.cos(), theta.sin()], dim=1) * theta[:, None] / 5
train_loader = DataLoader(TensorDataset(spiral[:1024]), batch_size=256, shuffle=True)
test = spiral[1024:]
model = Denoiser()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for epoch in range(20):
    model.train()
    for (clean,) in train_loader:
        optimizer.zero_grad()
        loss = diffusion_loss(model, clean)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(f"epoch {epoch} loss {sum(diffusion_loss(model, test).item() for _ in range(4)) / 4:.4f}")
