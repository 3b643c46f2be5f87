"""Two networks and two optimisers, a gradient penalty, and labels from numpy and random."""

import random

import numpy as np
import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
random.seed(1)
np.random.seed(2)
generator = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
for_generator = torch.optim.RMSprop(generator.parameters(), lr=1e-3)
for_critic = torch.optim.Adam(critic.parameters(), lr=1e-3)
loss_fn = nn.BCEWithLogitsLoss()
for _step in range(5):
    real = torch.from_numpy(np.random.randn(8, 2).astype("float32")) + random.random()
    fake = generator(torch.randn(8, 4))
    for_critic.zero_grad()
    mixed = (real + fake.detach()).requires_grad_()
    (slope,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
    loss = loss_fn(critic(real), torch.ones(8, 1)) + loss_fn(critic(fake.detach()), torch.zeros(8, 1))
    (loss + slope.square().mean()).backward(retain_graph=True)
    for_critic.step()
    generator.zero_grad()
    own = loss_fn(critic(fake), torch.ones(8, 1))
    own.backward()
    for_generator.step()
    print(repr(loss.item()), repr(own.item()))
tell(generator=generator, critic=critic, for_generator=for_generator, for_critic=for_critic)
