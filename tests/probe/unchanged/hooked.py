"""The user's own hooks of every kind, some of them global; the order of their calls, and a model saved with them."""

import torch
from tell import tell
from torch import nn
from torch.nn.modules import module as modules
from torch.optim import optimizer as optimizers

torch.manual_seed(0)


def hear(name, replace=None):
    def hook(*arguments):
        if calls is not None:
            calls.append(name)
        return replace(*arguments) if replace else None

    return hook


def halve(module, inputs, output):
    return output / 2


calls = []
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Linear(8, 1))
net[0].register_forward_hook(halve)
net.register_forward_hook(hear("network", lambda module, inputs, output: output * 2))
net[2].register_full_backward_hook(hear("backward"))
net[0].weight.register_hook(hear("weight", lambda gradient: gradient.clamp(-1, 1)))
net[2].weight.register_post_accumulate_grad_hook(hear("accumulated"))
modules.register_module_forward_pre_hook(hear("global pre"))
handle = modules.register_module_forward_hook(hear("global", lambda module, inputs, output: output + 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
optimizer.register_step_post_hook(hear("own step post"))
for step in range(5):
    optimizer.zero_grad()
    output = net(torch.randn(8, 4))
    output.register_hook(hear("output"))
    output.mean().backward()
    optimizer.step()
    if step == 0:
        optimizers.register_optimizer_step_post_hook(hear("global step post"))
        optimizers.register_optimizer_step_pre_hook(hear("global step pre"))
    if step == 3:
        handle.remove()
    print(repr(output.mean().item()), calls)
    calls.clear()
plain = nn.Sequential(nn.Linear(4, 2))
plain[0].register_forward_hook(halve)
tell(plain=plain, weights=net.state_dict(), optimizer=optimizer)
