"""The script cannot tell: losses, states, warnings, tracebacks and compiled graphs are as without the probe."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.probe.conftest import Nursery

PROGRAMS = sorted(Path(__file__).with_name("unchanged").glob("*.py"))
COMPILED = ("compiled", "freed")  # what is watched to its end is neither compiled nor let go before


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_the_run_is_the_same_to_the_last_digit(nursery: "Nursery", program: Path) -> None:
    counts = (1, 3) if program.stem in COMPILED else (1, 3, 50)

    plain, *probed = nursery.run(program, None, *(["--steps", str(count)] for count in counts))

    assert plain.status == 0, plain.err
    for count, run in zip(counts, probed, strict=True):
        assert run.seen == plain.seen
        assert run.run["notes"] == []
        assert run.run["steps"] == count or count == 50
        assert run.left_behind <= set(plain.end)  # what torch itself replaces while it runs
        assert run.end == plain.end
        assert {kind.__name__ for kind in run.record} >= {"Losses", "Activations", "Gradients", "Updates", "Passes"}


def test_compiled_code_is_watched_as_it_was_written(nursery: "Nursery") -> None:
    """With another backend; the shape of a batch changes after the watched steps."""
    text = Path(__file__).with_name("unchanged").joinpath("compiled.py").read_text().replace('"aot_eager"', '"eager"')

    plain, probed = nursery.run(text, None, ["--steps", "3"])

    assert probed.seen == plain.seen
    assert "unique_graphs" in plain.out
    assert probed.run["steps"] == 3


FAILURES = {
    "in a layer": "net(x); net(x[:, :3])",
    "in a module of the script's": "net.broken = True; net(x)",
    "in a module with a hook of its own": "net.register_forward_hook(print); net.broken = True; net(x)",
    "in a loss": "nn.CrossEntropyLoss()(net(x), torch.randint(3, (5,)))",
    "in a builtin of a loss": "nn.functional.binary_cross_entropy(net(x), torch.randn(8, 3))",
    "in a backward pass": "loss = nn.functional.l1_loss(net(x), x[:, :3]); loss.backward(); loss.backward()",
    "in a closure": "optimizer.step(lambda: 1 / 0)",
    "in a layer's constructor": "nn.Linear('a', 3)",
    "in an optimiser's constructor": "torch.optim.SGD([], lr=0.1)",
    "in a dataset": "list(torch.utils.data.DataLoader([1, 2, object()], 1))",
    "in a mode": "net.train('yes')",
    "in a scaler": "torch.amp.GradScaler('cpu').step(optimizer)",
    "while another is handled": "try:\n    net(x[0, 0])\nexcept RuntimeError as error:\n    raise KeyError from error",
    "that is caught": "try:\n    net(x[:, :3])\nexcept RuntimeError as error:\n    print(error)",
    "that interrupts": "raise KeyboardInterrupt",
    "that exits": "net(x); raise SystemExit(7)",
}
BEFORE = """
import torch
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    broken = False

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.act = nn.ReLU()

    def forward(self, x):
        if self.broken:
            raise RuntimeError(
                "broken"
            )
        return self.act(self.layer(x))


net = nn.Sequential(Net())[0]
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(8, 4)
net(x).mean().backward()
optimizer.step()
"""


def test_exceptions_are_told_as_ever(nursery: "Nursery") -> None:
    for failure, text in FAILURES.items():
        plain, probed = nursery.run(f"{BEFORE}\n{text}\n", None, [])

        assert probed.seen == plain.seen, failure
        assert probed.run["notes"] == [], failure
        assert probed.run["steps"] == 1, failure


def test_it_is_the_same_from_a_cold_start(tmp_path: Path) -> None:
    """Nothing is imported beforehand, as everywhere but in these tests."""
    program = Path(__file__).with_name("unchanged") / "compiled.py"
    environment = {**os.environ, "PYTHONPATH": str(program.parent.parent)}
    probe = ("-m", "dnnlint", "probe", "-q", "--no-static", "--isolated", "--journal", os.devnull, "--steps", "3")

    plain, probed = (
        subprocess.run(
            [sys.executable, "-W", "always", *options, str(program)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for options in ((), probe)
    )

    assert plain.returncode == probed.returncode == 0
    assert probed.stdout == plain.stdout
    assert probed.stderr == plain.stderr
