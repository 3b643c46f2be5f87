"""Two optimisers that step at different rates, one of which steps through the other's network."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
generator, critic = nn.Linear(4, 2), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
for_generator = torch.optim.Adam(generator.parameters(), lr=1e-3)
for_critic = torch.optim.Adam(critic.parameters(), lr=1e-3)
for _step in range(6):
    for _part in range(3):
        for_critic.zero_grad()
        (critic(generator(torch.randn(8, 4)).detach()).mean() - critic(torch.randn(8, 2)).mean()).backward()
        for_critic.step()
    for_generator.zero_grad()
    loss = -critic(generator(torch.randn(8, 4))).mean()
    loss.backward()
    for_generator.step()
    print(repr(loss.item()))
tell(generator=generator, critic=critic)
