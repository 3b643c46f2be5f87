"""Moving averages of the weights: a deep copy, the class of torch, a state loaded back, a copy in every step."""

import copy

import torch
from tell import tell
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
shadow = copy.deepcopy(net).eval().requires_grad_(False)
average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9))
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
for step in range(6):
    optimizer.zero_grad()
    x = torch.randn(8, 4)
    loss = nn.functional.cross_entropy(net(x), torch.randint(3, (8,)))
    loss = loss + nn.functional.mse_loss(net(x), shadow(x))
    loss.backward()
    optimizer.step()
    average.update_parameters(net)
    with torch.no_grad():
        for own, other in zip(shadow.parameters(), net.parameters(), strict=True):
            own.lerp_(other, 0.1)
    if step == 1:
        kept = copy.deepcopy(net.state_dict()), copy.deepcopy(optimizer.state_dict())
    if step == 2:
        net.load_state_dict(kept[0])
        optimizer.load_state_dict(kept[1])
    print(repr(loss.item()), repr(copy.deepcopy(net)(x).sum().item()), repr(average(x).sum().item()))
tell(net=net, shadow=shadow, average=average.module, optimizer=optimizer)
