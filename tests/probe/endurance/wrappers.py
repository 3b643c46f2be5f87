"""Optimisers around optimisers, steps in two halves, optimisers that step within the backward pass."""

import torch
from tell import tell
from torch import nn


class Lookahead(torch.optim.Optimizer):
    def __init__(self, inner):
        self.inner = inner
        super().__init__([p for group in inner.param_groups for p in group["params"]], {"lr": 0.1})
        self.slow = [p.detach().clone() for p in self.param_groups[0]["params"]]

    @torch.no_grad()
    def step(self, closure=None):
        self.inner.step()
        for slow, fast in zip(self.slow, self.param_groups[0]["params"], strict=True):
            fast.copy_(slow.lerp_(fast, 0.5))


class Wrapper:
    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def step(self):
        return self.inner.step()


class Sharpness(torch.optim.SGD):
    @torch.no_grad()
    def step(self, closure):
        loss = torch.enable_grad()(closure)()
        moves = [0.05 * p.grad.sign() for p in self.param_groups[0]["params"]]
        for p, move in zip(self.param_groups[0]["params"], moves, strict=True):
            p.add_(move)
        torch.enable_grad()(closure)()
        for p, move in zip(self.param_groups[0]["params"], moves, strict=True):
            p.sub_(move)
        super().step()
        return loss


torch.manual_seed(0)
nets = [nn.Linear(4, 3) for _ in range(4)]
ahead = Lookahead(torch.optim.Adam(nets[0].parameters(), lr=1e-2))
wrapped = Wrapper(torch.optim.RMSprop(nets[1].parameters(), lr=1e-3))
sharp = Sharpness(nets[2].parameters(), lr=0.1)
for parameter in nets[3].parameters():
    single = torch.optim.SGD([parameter], lr=0.1)

    def step_now(parameter, single=single):
        single.step()
        single.zero_grad()

    parameter.register_post_accumulate_grad_hook(step_now)
for _step in range(6):
    x, labels = torch.randn(8, 4), torch.randint(3, (8,))

    def closure(x=x, labels=labels):
        sharp.zero_grad()
        loss = nn.functional.cross_entropy(nets[2](x), labels)
        loss.backward()
        return loss

    ahead.zero_grad()
    wrapped.zero_grad()
    loss = sum(nn.functional.cross_entropy(net(x), labels) for net in nets)
    loss.backward()
    ahead.step()
    wrapped.step()
    print(repr(loss.item()), repr(sharp.step(closure).item()))
tell(**{f"net{number}": net for number, net in enumerate(nets)})
