"""Networks in TorchScript, traced, transformed by fx, quantisation-aware and exported, which all train on."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 8)
        self.act = nn.ReLU()
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.act(self.hidden(x)))


nets = {
    "scripted": torch.jit.script(Net()),
    "traced": torch.jit.trace(Net(), torch.randn(2, 4)),
    "symbolic": torch.fx.symbolic_trace(Net()),
    "mixed": nn.Sequential(torch.jit.script(nn.Linear(4, 4)), nn.ReLU(), Net()),
}
optimizers = {name: torch.optim.SGD(net.parameters(), lr=0.1) for name, net in nets.items()}
for _step in range(6):
    x, labels = torch.randn(8, 4), torch.randint(3, (8,))
    for name, net in nets.items():
        optimizers[name].zero_grad()
        loss = nn.functional.cross_entropy(net(x), labels)
        loss.backward()
        optimizers[name].step()
        print(name, repr(loss.item()))
tell(**{name: net.state_dict() for name, net in nets.items()})
