"""Batches from worker processes, as a generator, and from an iterable dataset; own collate function and seeds."""

import random

import torch
from tell import tell
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset


class Rows(Dataset):
    def __len__(self):
        return 12

    def __getitem__(self, index):
        return torch.randn(4) + random.random(), index % 2


class Stream(IterableDataset):
    def __iter__(self):
        yield from (Rows()[index] for index in range(6))

    def __len__(self):
        raise RuntimeError("nobody knows")


def collate(rows):
    values, labels = zip(*rows, strict=True)
    return torch.stack(values), torch.tensor(labels)


def endless(loader):
    while True:
        yield from loader


def main():
    torch.manual_seed(0)
    net = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(3)
    loaders = [
        DataLoader(Rows(), 4, shuffle=True, num_workers=2, collate_fn=collate, persistent_workers=True),
        DataLoader(Rows(), 4, shuffle=True, generator=generator, drop_last=True),
        DataLoader(Stream(), 2),
    ]
    for loader in loaders:
        for _number, (x, labels) in zip(range(4), endless(loader), strict=False):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x), labels)
            loss.backward()
            optimizer.step()
            print(repr(loss.item()))
    tell(net=net, optimizer=optimizer, generator=generator.get_state())


if __name__ == "__main__":
    main()
