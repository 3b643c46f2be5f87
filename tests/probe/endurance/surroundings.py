"""Other precisions by default, warnings that are errors, anomaly detection, deterministic algorithms, modes."""

import contextlib
import warnings

import torch
from tell import tell
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode


class Functions(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


class Operations(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


warnings.simplefilter("error")
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
torch.use_deterministic_algorithms(True)
torch.set_grad_enabled(False)
net = nn.Sequential(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.Sigmoid(), nn.Flatten(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
around = [
    torch.autograd.set_detect_anomaly(True),
    FlopCounterMode(display=False),
    Functions(),
    Operations(),
    torch.device("cpu"),
    torch.autograd.graph.save_on_cpu(),
]
for mode in around:
    with mode, torch.enable_grad() if mode else contextlib.nullcontext():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(torch.randn(8, 2, 6)), torch.randint(3, (8,)))
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
print(around[1].get_total_flops())
tell(net=net, optimizer=optimizer)
