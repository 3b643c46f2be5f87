"""Gradient scaling with and without a call of unscale_, a fused optimiser, a step that overflows, losses in a list."""

import torch
from tell import expect, tell
from torch import nn

torch.manual_seed(0)
nets = [nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)) for _ in range(2)]
optimizers = [
    torch.optim.AdamW(nets[0].parameters(), lr=1e-2, foreach=False),
    torch.optim.Adam(nets[1].parameters(), lr=1e-2, fused=True),
]
scaler = torch.amp.GradScaler("cpu", init_scale=4096.0)
losses, norms = [], [[], []]
for step in range(7):
    x = torch.randn(8, 4)
    for number, (net, optimizer) in enumerate(zip(nets, optimizers, strict=True)):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16 if number else torch.bfloat16):
            output = net(x)
        loss = (output.float() - x.sum(1, keepdim=True)).square().mean()
        if step == 1:
            loss = loss * float("inf")
        losses.append(loss.item())
        if step % 2:
            scaler.scale([loss])[0].backward()
        else:
            scaler.scale(loss).backward()
        norms[number].append(net[0].weight.grad.norm().item() / scaler.get_scale())
        if number == 0 and step % 2:
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
    scaler.update()
expect(losses=[loss if loss < float("inf") else None for loss in losses])
expect(norms=[norm if norm == norm and norm < float("inf") else None for norm in norms[0]])
expect(fused=[norm if norm == norm and norm < float("inf") else None for norm in norms[1]])
tell(first=nets[0], second=nets[1], scaler=scaler)
