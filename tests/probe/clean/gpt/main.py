"""Trains a small GPT: decay groups, cosine with warmup written by hand, batches drawn at random."""

import math

import torch
import torch.nn as nn
from model import GPT, GPTConfig


def get_batch(data, config, batch_size=32):
    starts = torch.randint(len(data) - config.block_size - 1, (batch_size,)).tolist()
    windows = torch.stack([data[i : i + config.block_size + 1] for i in starts])
    return windows[:, :-1], windows[:, 1:]


@torch.no_grad()
def estimate_loss(model, data, config):
    model.eval()
    losses = [model(*get_batch(data, config))[1].item() for _ in range(4)]
    model.train()
    return sum(losses) / len(losses)


torch.manual_seed(1337)
config = GPTConfig()
steps = torch.tensor([1, 1, 2, 3]).repeat(1024)[torch.randperm(4096)]
data = steps.cumsum(0) % config.vocab_size
train_data, val_data = data[:3600], data[3600:]
model = GPT(config)
matrices = [p for p in model.parameters() if p.dim() >= 2]
vectors = [p for p in model.parameters() if p.dim() < 2]
groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95))

max_iters, warmup_iters, eval_interval = 60, 4, 20
for iteration in range(max_iters):
    lr = 1e-3 * min(1.0, (iteration + 1) / warmup_iters) * (1 + math.cos(math.pi * iteration / max_iters)) / 2
    for group in optimizer.param_groups:
        group["lr"] = lr
    if iteration % eval_interval == 0 or iteration == max_iters - 1:
        print(f"step {iteration} loss {estimate_loss(model, val_data, config):.4f}")
    _, loss = model(*get_batch(train_data, config))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
