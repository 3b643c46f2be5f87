"""Within the watched steps, with every channel on, nothing of ours asks a device for a number."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import dnnlint
from dnnlint.evidence.trace import CHANNELS, Losses, Run
from dnnlint.probe import forwards, steps

WAITS = (
    "_local_scalar_dense",
    "item",
    "nonzero",
    "_unique",
    "_unique2",
    "unique_dim",
    "masked_select",
    "equal",
    "is_nonzero",
)
STEPS = 4


class Waits(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes operations of ours whose result has to be known on the host."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ours: list[str] = []
        self.operations = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if _is_ours():
            self.operations += 1
            name = function.overloadpacket.__name__
            copies = name in ("_to_copy", "copy_") and args[0].device != (kwargs or {}).get("device", args[0].device)
            if name in WAITS or copies:
                self.ours.append(str(function))
        return function(*args, **(kwargs or {}))


def _is_ours() -> bool:
    """Whether an operation is asked for by the runtime wing; what its wrappers merely pass on is the script's."""
    frame = sys._getframe(2)
    while frame is not None:
        path = frame.f_code.co_filename
        if "/dnnlint/probe/" in path and "/tests/" not in path:
            return True
        if path == __file__ or path.startswith("<dnnlint"):
            return False
        frame = frame.f_back  # type: ignore[assignment]
    return False


@contextmanager
def no_waiting() -> Iterator[Waits]:
    with Waits() as mode:
        yield mode
    assert mode.ours == []


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.rnn = nn.GRU(8, 8, batch_first=True)
        self.conv = nn.Conv1d(8, 8, 3, padding=1)
        self.norm = nn.BatchNorm1d(8)
        self.act = nn.ReLU(inplace=True)
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 20)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.act(self.norm(self.conv(self.rnn(self.embed(tokens))[0].transpose(1, 2)))).transpose(1, 2)
        x = torch.tanh(self.attend(x, x, x, need_weights=False)[0])
        out: torch.Tensor = self.head(x)
        return out


@pytest.mark.parametrize("foreach", [True, False])
def test_no_number_is_asked_for_within_the_watched_steps(foreach: bool) -> None:
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, foreach=foreach)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    rows: Any = torch.randint(20, (32, 6))
    loader: torch.utils.data.DataLoader[Any] = torch.utils.data.DataLoader(rows, 8, shuffle=True)
    with no_waiting() as mode, dnnlint.probe(net, optimizer=optimizer, select="ALL", steps=STEPS + 1) as run:
        for tokens in loader:
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = net(tokens)
            loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), tokens.flatten())
            loss = loss + nn.functional.mse_loss(logits.float().softmax(2).amax(2), torch.ones(8, 6))
            torch.autograd.backward(scaler.scale(loss))
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
        during = mode.operations

    session = run._session
    assert session is not None
    assert session.notes == []
    assert set(session.record) == set(CHANNELS)
    told = session.record[Run], session.record[Losses]
    assert isinstance(told[0], Run) and told[0].steps == STEPS
    assert isinstance(told[1], Losses) and len(told[1].calls) == 2 * STEPS
    assert during > 0


def test_the_guard_sees_what_it_has_to_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """One number that is asked for in a hook is noticed."""
    original = forwards.Forwards._end

    def end(self: Any, call: Any, kwargs: Any, output: Any) -> None:
        original(self, call, kwargs, output)
        steps._number(output.sum())

    monkeypatch.setattr(forwards.Forwards, "_end", end)
    net = nn.Linear(4, 3)
    with Waits() as mode, dnnlint.probe(net, select="ALL"):
        net(torch.randn(8, 4))

    assert mode.ours == ["aten._local_scalar_dense.default"]
