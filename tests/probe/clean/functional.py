"""A functional model: parameters in a dictionary, per-sample gradients by torch.func, a step written by hand."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad_and_value, vmap

torch.manual_seed(0)
x = torch.randn(640, 6)
y = torch.sin(x).sum(dim=1, keepdim=True)
x_train, y_train, x_test, y_test = x[:512], y[:512], x[512:], y[512:]

model = nn.Sequential(nn.Linear(6, 64), nn.Tanh(), nn.Linear(64, 1))
parameters = {name: value.detach().clone().requires_grad_() for name, value in model.named_parameters()}
optimizer = torch.optim.Adam(parameters.values(), lr=5e-3)


def loss_of(weights, sample, target):
    return F.mse_loss(functional_call(model, weights, (sample,)), target)


per_sample = vmap(grad_and_value(loss_of), in_dims=(None, 0, 0))

for epoch in range(10):
    for rows in torch.randperm(len(x_train)).split(128):
        gradients, losses = per_sample(parameters, x_train[rows], y_train[rows])
        optimizer.zero_grad()
        for name, parameter in parameters.items():
            parameter.grad = gradients[name].mean(dim=0)
        optimizer.step()
    with torch.no_grad():
        print(f"epoch {epoch} loss {loss_of(parameters, x_test, y_test).item():.4f}")
