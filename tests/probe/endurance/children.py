"""A forked child trains while its parent is watched; both print their losses."""

import os

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)


def train(steps, name):
    for _step in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,)))
        loss.backward()
        optimizer.step()
        print(name, repr(loss.item()), flush=True)


train(2, "before")
child = os.fork()
if child == 0:
    train(6, "child")
    print(len(torch.nn.modules.module._global_forward_hooks), torch.autograd.backward.__code__.co_filename[0])
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
train(4, "parent")
tell(net=net)
