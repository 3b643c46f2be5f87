"""A backbone without gradients, one that is thawed later, parameters that no loss reaches, groups that are added."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
backbone, middle, head, unused = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 3), nn.Linear(2, 2)
backbone.requires_grad_(False)
middle.requires_grad_(False)
net = nn.ModuleList([backbone, middle, head, unused])
optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1, momentum=0.9)
for step in range(6):
    if step == 2:
        middle.requires_grad_(True)
        optimizer.add_param_group({"params": middle.parameters(), "lr": 0.01})
    optimizer.zero_grad()
    with torch.no_grad():
        features = backbone(torch.randn(8, 4))
    loss = nn.functional.cross_entropy(head(middle(features).relu()), torch.randint(3, (8,)))
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(net=net, optimizer=optimizer)
