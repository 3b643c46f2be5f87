"""Complex, integer and boolean inputs, empty batches, single numbers, weights in other precisions and layouts."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)


class Spectrum(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3, dtype=torch.complex64))

    def forward(self, x):
        return (x @ self.weight).abs()


class Number(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return self.scale * x.float().mean()


class Turned(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3).t())
        self.strided = nn.Parameter(torch.randn(4, 8)[:, ::2])

    def forward(self, x):
        return x @ self.strided @ self.weight.t()


networks = {
    "spectrum": (Spectrum(), lambda: torch.randn(8, 4, dtype=torch.complex64)),
    "number": (Number(), lambda: torch.randint(9, ())),
    "booleans": (Number(), lambda: torch.rand(8, 4) > 0.5),
    "bytes": (Number(), lambda: torch.randint(255, (8, 4), dtype=torch.uint8)),
    "turned": (Turned(), lambda: torch.randn(8, 4)),
    "empty": (nn.Sequential(nn.Linear(4, 3), nn.ReLU()), lambda: torch.randn(0, 4)),
    "double": (nn.Sequential(nn.Linear(4, 3), nn.ReLU()).double(), lambda: torch.randn(8, 4).double()),
    "bfloat": (nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3)).bfloat16(), lambda: torch.randn(8, 4).bfloat16()),
    "half": (nn.Sequential(nn.Linear(4, 3), nn.GELU()).half(), lambda: torch.randn(8, 4).half()),
    "one": (nn.Linear(1, 1), lambda: torch.randn(1, 1)),
    "scalar rows": (nn.Linear(4, 1), lambda: torch.randn(4)),
    "volume": (nn.Conv3d(1, 2, 3, padding=1), lambda: torch.randn(2, 1, 3, 3, 3)),
    "last": (
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.BatchNorm2d(8)).to(memory_format=torch.channels_last),
        lambda: torch.randn(8, 3, 6, 6).to(memory_format=torch.channels_last),
    ),
    "expanded": (nn.Linear(4, 3), lambda: torch.randn(1, 4).expand(8, 4)),
    "not finite": (nn.Linear(4, 3), lambda: torch.full((8, 4), float("nan"))),
}
optimizers = {name: torch.optim.SGD(net.parameters(), lr=1e-3) for name, (net, _) in networks.items()}
for _step in range(6):
    for name, (net, batch) in networks.items():
        optimizers[name].zero_grad()
        output = net(batch())
        loss = nn.functional.mse_loss(output, torch.zeros_like(output)) if output.numel() else output.sum()
        loss.backward()
        optimizers[name].step()
        print(name, repr(loss.item()))
tell(**{name: net for name, (net, _) in networks.items()})
