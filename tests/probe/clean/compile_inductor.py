"""torch.compile of a whole training step, by the default backend where a C++ compiler is there."""

import shutil

import torch
import torch.nn.functional as F
from torch import nn

BACKEND = "inductor" if shutil.which("g++") or shutil.which("clang++") else "eager"


def make_batch(size, generator):
    x = torch.randn(size, 8, generator=generator)
    return x, (x[:, 0] * x[:, 1] > 0).long()


def main():
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

    @torch.compile(backend=BACKEND)
    def forward_loss(x, y):
        return F.cross_entropy(model(x), y)

    for step in range(60):
        x, y = make_batch(128, generator)
        loss = forward_loss(x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 4 == 3:
            print(f"step {step} loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
