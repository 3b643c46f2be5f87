"""L-BFGS on the full batch: the closure clears, back-propagates and returns the loss."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(-2, 2, 320).unsqueeze(1)
y = torch.sin(3 * x) + 0.05 * torch.randn_like(x)
held_out = torch.arange(320) % 5 == 0
x_train, y_train, x_test, y_test = x[~held_out], y[~held_out], x[held_out], y[held_out]

model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.8, max_iter=10, history_size=10)


def closure():
    optimizer.zero_grad()
    loss = criterion(model(x_train), y_train)
    loss.backward()
    return loss


for iteration in range(12):
    model.train()
    optimizer.step(closure)
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test)
    print(f"iteration {iteration} loss {test_loss.item():.5f}")
