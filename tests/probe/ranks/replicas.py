"""Two processes: one network is replicated, another one sharded; both have the gradients of all their data together."""

import copy

import torch
import torch.distributed as dist
from tell import digest, expect
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 8)
        self.act = nn.ReLU()
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.act(self.hidden(x)))


replicated, sharded = Net(), Net()
wholes = copy.deepcopy(replicated), copy.deepcopy(sharded)
replicated = DistributedDataParallel(replicated)
fully_shard(sharded.hidden)
fully_shard(sharded)
nets = replicated, sharded
optimizers = [torch.optim.SGD(net.parameters(), lr=0.1) for net in nets]
losses, norms = [], [[], []]
for _step in range(5):
    batches = [(torch.randn(8, 4), torch.randint(3, (8,))) for _ in range(size)]
    x, labels = batches[rank]
    for number, (net, optimizer) in enumerate(zip(nets, optimizers, strict=True)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        print(f"{rank} {number} {loss.item()!r}\n", end="", flush=True)
    with torch.random.fork_rng():
        for number, whole in enumerate(wholes):
            logits = [whole(x) @ torch.eye(3) for x, _ in batches]
            together = sum(
                torch.logsumexp(y, 1).mean() - y[range(8), t].mean() for y, (_, t) in zip(logits, batches, strict=True)
            )
            gradients = torch.autograd.grad(together / size, list(whole.parameters()))
            norms[number].append([gradient.norm().item() for gradient in gradients])
            with torch.no_grad():
                for parameter, gradient in zip(whole.parameters(), gradients, strict=True):
                    parameter -= 0.1 * gradient
gathered = [None] * size
dist.all_gather_object(gathered, losses)
if rank == 0:
    means = [sum(values) / size for values in zip(*gathered, strict=True)]
    expect(losses=means, replicated=norms[0], sharded=norms[1])
print(f"{rank} {digest(replicated.module.state_dict())} {digest(sharded.head.weight.to_local())}\n", end="", flush=True)
dist.barrier()
dist.destroy_process_group()
