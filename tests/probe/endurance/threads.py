"""The main thread trains while another one does, and one evaluates."""

import threading

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
nets = [nn.Linear(4, 3) for _ in range(2)]
data = torch.randn(8, 4)
losses = [[], []]


def train(number):
    optimizer = torch.optim.SGD(nets[number].parameters(), lr=0.1)
    for _step in range(6):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(nets[number](data), data[:, :3])
        loss.backward()
        optimizer.step()
        losses[number].append(loss.item())


def evaluate():
    with torch.no_grad():
        for _ in range(20):
            nets[0](data)


threads = [threading.Thread(target=train, args=(0,)), threading.Thread(target=evaluate)]
for thread in threads:
    thread.start()
train(1)
for thread in threads:
    thread.join()
print(losses)
tell(first=nets[0], second=nets[1])
