"""Distributed data parallel: run under `torchrun --nproc-per-node 2`."""

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


def make_set(samples, centers, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(len(centers), (samples,), generator=generator)
    return TensorDataset(centers[labels] + torch.randn(samples, 10, generator=generator), labels)


def evaluate(model, loader, criterion):
    model.eval()
    with torch.no_grad():
        total = torch.tensor([criterion(model(inputs), labels) for inputs, labels in loader]).mean()
    dist.all_reduce(total)
    return total.item() / dist.get_world_size()


def main():
    dist.init_process_group("gloo")
    torch.manual_seed(0)
    centers = 1.2 * torch.randn(4, 10)
    train_set, test_set = make_set(512, centers, seed=1), make_set(128, centers, seed=2)
    sampler = DistributedSampler(train_set, shuffle=True)
    train_loader = DataLoader(train_set, batch_size=64, sampler=sampler)
    test_loader = DataLoader(test_set, batch_size=64, sampler=DistributedSampler(test_set, shuffle=False))

    model = DDP(nn.Sequential(nn.Linear(10, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 4)))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(6):
        sampler.set_epoch(epoch)
        model.train()
        for inputs, labels in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
        test_loss = evaluate(model, test_loader, criterion)
        if dist.get_rank() == 0:
            print(f"epoch {epoch} loss {test_loss:.4f}")
    dist.barrier()  # gloo aborts the process now and then when one rank leaves before the other
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
