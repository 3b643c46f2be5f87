"""Low-rank adaptation: a trained base is frozen, adapters with B = 0 learn a shifted task."""

import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class LoRALinear(nn.Module):
    def __init__(self, base, rank=4, alpha=8):
        super().__init__()
        self.base = base
        self.scale = alpha / rank
        self.lora_a = nn.Parameter(torch.empty(rank, base.in_features))
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5))

    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.lora_a.t() @ self.lora_b.t())


def make_base():
    return nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))


def add_lora(model, rank=4):
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name, child in model.named_children():
        if isinstance(child, nn.Linear):
            setattr(model, name, LoRALinear(child, rank))
    return model


def loaders(directions, samples=512):
    x = torch.randn(samples + 128, 16)
    y = (x @ directions).argmax(dim=1)
    train, test = TensorDataset(x[:samples], y[:samples]), TensorDataset(x[samples:], y[samples:])
    return DataLoader(train, batch_size=128, shuffle=True), DataLoader(test, batch_size=128)


def fit(model, train_loader, test_loader, optimizer, epochs, title):
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        for inputs, labels in train_loader:
            optimizer.zero_grad()
            criterion(model(inputs), labels).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = sum(criterion(model(inputs), labels).item() for inputs, labels in test_loader) / len(test_loader)
        print(f"{title} epoch {epoch} loss {loss:.4f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    directions = torch.randn(16, 3)
    base = make_base()
    fit(base, *loaders(directions), torch.optim.Adam(base.parameters(), lr=3e-3), epochs=8, title="base")

    adapted = add_lora(make_base())
    weights = {name.replace(".", ".base."): value for name, value in base.state_dict().items()}
    adapted.load_state_dict(weights, strict=False)
    trainable = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=2e-3)
    fit(adapted, *loaders(directions + 0.8 * torch.randn(16, 3)), optimizer, epochs=10, title="lora")
