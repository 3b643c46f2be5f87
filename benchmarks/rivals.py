"""Other tools that watch a training run, measured in an environment that has them besides torch and dnnlint."""

import contextlib
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch import nn

ROOT = Path(__file__).parent.parent
_STEPS = 10
_PATIENCE = 600  # seconds

# TrainCheck rewrites the source of a script, so that the loop has to stand in one.
_SCRIPT = """
import statistics
import time

import torch
import torch.nn.functional as F
from benchmarks.networks import TASKS

torch.set_num_threads(1)
torch.manual_seed(0)
task = TASKS["{name}"][0]()
network = task.network
optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
taken = []
for _ in range({steps} + 2):
    start = time.thread_time()
    optimizer.zero_grad()
    loss = F.cross_entropy(network(task.inputs), task.targets)
    loss.backward()
    optimizer.step()
    taken.append(time.thread_time() - start)
print("median step:", statistics.median(taken[2:]))
"""


def installed(package: str) -> bool:
    """Whether a tool is here."""
    return importlib.util.find_spec(package) is not None


@contextlib.contextmanager
def wandb_watch(network: nn.Module) -> Iterator[Callable[[], None]]:
    """Gradients and parameters at every step, kept offline; yields what is to be called after each step."""
    wandb: Any = importlib.import_module("wandb")
    with tempfile.TemporaryDirectory() as folder:
        settings = wandb.Settings(mode="offline", console="off", silent=True, root_dir=folder)
        with wandb.init(project="probe", settings=settings) as run:
            run.watch(network, log="all", log_freq=1)
            yield lambda: run.log({"step": 1})
            run.unwatch(network)


def traincheck(name: str) -> str:
    """The ratio of a step while TrainCheck collects its trace, every step of it; or why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "loop.py")
        script.write_text(_SCRIPT.format(name=name, steps=_STEPS), encoding="utf-8")
        collector = str(Path(sys.executable).parent / "traincheck-collect")
        options = ["--models-to-track", "network", "--output-dir", f"{folder}/out", "--sampling-interval", "1"]
        plain = _median([sys.executable, str(script)], folder)
        watched = _median([collector, "-p", str(script), *options], folder)
        if isinstance(plain, str) or isinstance(watched, str):
            return f"failed: {plain if isinstance(plain, str) else watched}"
        return f"{watched / plain:.1f}"


def _median(command: list[str], folder: str) -> float | str:
    """The median step that a script prints, or the end of what it printed instead."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{type(error).__name__}: {error}"[:200]
    found = re.search(r"median step: ([0-9.e+-]+)", done.stdout + done.stderr)
    return float(found[1]) if found else (done.stdout + done.stderr).strip()[-200:]
