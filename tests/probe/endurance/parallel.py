"""DataParallel: copies on all GPUs; on a machine without any it calls the network itself."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
net = nn.DataParallel(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).to(device))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _step in range(6):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(torch.randn(8, 4, device=device)), torch.randint(3, (8,), device=device))
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(net=net.module)
