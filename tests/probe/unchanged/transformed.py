"""Scripting, tracing, exporting, symbolic tracing and function transforms in the middle of the watched steps."""

import copy
import pickle

import torch
from tell import digest, tell
from torch import nn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn import functional

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 8)
        self.act = nn.ReLU()
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.act(self.hidden(x)))


def criterion(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    squares = functional.mse_loss(logits.softmax(1), torch.eye(3)[labels])
    return (
        functional.cross_entropy(logits, labels)
        + squares
        + functional.binary_cross_entropy_with_logits(logits, logits.sigmoid())
    )


def trees(net, x, labels):
    scripted, traced = torch.jit.script(net), torch.jit.trace(net, x)
    print(repr(torch.jit.script(criterion)(scripted(x), labels).item()), repr(traced(x).sum().item()))
    symbolic = torch.fx.symbolic_trace(net)
    print(symbolic.code, digest(symbolic(x)))
    weights = dict(net.named_parameters())

    def loss_of(weights, x, labels):
        return criterion(torch.func.functional_call(net, weights, (x,)), labels)

    print(digest(torch.func.grad(loss_of)(weights, x, labels)["head.bias"]))
    one_by_one = torch.func.vmap(torch.func.grad(loss_of), in_dims=(None, 0, 0))
    print(digest(one_by_one(weights, x[:, None], labels[:, None])["head.bias"]))
    print(
        digest(torch.func.jacrev(lambda x: functional.mse_loss(x, x.detach() + 1))(x)),
        digest(torch.func.hessian(functional.softplus)(x[0])),
    )
    print(make_fx(loss_of)(weights, x, labels).code)
    print(make_fx(loss_of, tracing_mode="fake")(weights, x, labels).code)
    print(torch.export.export(net, (x,), strict=False).graph_module.code)
    with torch.device("meta"):
        print(Net()(torch.randn(2, 4)).shape)
    with torch._subclasses.FakeTensorMode():
        fake = Net()
        print(criterion(fake(torch.randn(2, 4)), torch.zeros(2, dtype=torch.long)).shape)
    for copied in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), pickle.loads(pickle.dumps(criterion))):
        print(digest(copied(x) if copied is not criterion else copied(x[:, :3], labels)))


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for step in range(4):
    x, labels = torch.randn(8, 4), torch.randint(3, (8,))
    optimizer.zero_grad()
    loss = criterion(net(x), labels)
    if step == 1:
        trees(net, x, labels)
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(net=net, optimizer=optimizer)
