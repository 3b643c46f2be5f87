"""Gradient scaling and autocast on the host, with a skipped step, clipping of unscaled gradients, accumulation."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.LayerNorm(16), nn.Linear(16, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
for step in range(6):
    for part in range(2):
        x = torch.randn(8, 8)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(net(x).squeeze(1), x.sum(1)) / 2
        scaler.scale(loss * float("inf") if (step, part) == (1, 0) else loss).backward()
    scaler.unscale_(optimizer)
    norm = nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    scaler.step(optimizer)
    scaler.update()
    print(repr(loss.item()), repr(norm.item()), scaler.get_scale())
    tell(scaler=scaler)
    optimizer.zero_grad(set_to_none=False)
tell(net=net, optimizer=optimizer)
