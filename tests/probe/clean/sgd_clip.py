"""A vanilla RNN forecasts a noisy wave: SGD with Nesterov momentum, clipped gradients, best weights kept."""

import copy

import torch
import torch.nn as nn
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader, TensorDataset


class RNNRegressor(nn.Module):
    def __init__(self, hidden_size=32):
        super().__init__()
        self.rnn = nn.RNN(1, hidden_size, nonlinearity="tanh", batch_first=True)
        self.fc = nn.Linear(hidden_size, 1)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])


def waves(samples, length=16):
    frequency, phase = 0.3 + 0.5 * torch.rand(samples, 1), 6.28 * torch.rand(samples, 1)
    values = 1.4 * torch.sin(frequency * torch.arange(length + 1) + phase)
    observed = values + 0.1 * torch.randn(samples, length + 1)
    return TensorDataset(observed[:, :-1].unsqueeze(2), values[:, -1:])


torch.manual_seed(0)
train_loader = DataLoader(waves(512), batch_size=64, shuffle=True)
val_loader = DataLoader(waves(128), batch_size=128)
model = RNNRegressor()
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
best_loss, best_weights = float("inf"), None

for epoch in range(15):
    model.train()
    for sequences, following in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(sequences), following)
        loss.backward()
        clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()

    model.eval()
    with torch.no_grad():
        losses = [criterion(model(sequences), following).item() for sequences, following in val_loader]
    val_loss = sum(losses) / len(losses)
    if val_loss < best_loss:
        best_loss, best_weights = val_loss, copy.deepcopy(model.state_dict())
    print(f"epoch {epoch} loss {val_loss:.4f}")

model.load_state_dict(best_weights)
