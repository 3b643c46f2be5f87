"""Hooks of the user's own: captured features, clamped gradients, a weight norm, a learning-rate monitor."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm
from torch.utils.data import DataLoader, TensorDataset

features = {}


def capture(name):
    def hook(module, args, output):
        features[name] = output.detach()

    return hook


torch.manual_seed(0)
x = torch.randn(640, 10)
y = (x[:, :5].sum(dim=1) > x[:, 5:].abs().sum(dim=1) - 4).float()
train_loader = DataLoader(TensorDataset(x[:512], y[:512]), batch_size=128, shuffle=True)
test_loader = DataLoader(TensorDataset(x[512:], y[512:]), batch_size=128)

model = nn.Sequential(weight_norm(nn.Linear(10, 64)), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
handle = model[3].register_forward_hook(capture("penultimate"))
for parameter in model.parameters():
    parameter.register_hook(lambda gradient: gradient.clamp(-1, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
optimizer.register_step_post_hook(lambda optimizer, args, kwargs: features.update(lr=optimizer.param_groups[0]["lr"]))
criterion = nn.BCEWithLogitsLoss()

for epoch in range(12):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs).squeeze(1), targets)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        losses = [criterion(model(inputs).squeeze(1), targets).item() for inputs, targets in test_loader]
    print(f"epoch {epoch} loss {sum(losses) / len(losses):.4f} features {features['penultimate'].mean():.3f}")
handle.remove()
