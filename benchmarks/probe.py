"""Measure what watching costs a training loop: step time with and without, next to the naive way.

    python -m benchmarks.probe [--device cpu|cuda] [--rounds N] [--only mlp,gpt,resnet] [--rivals]

Every contestant trains a copy of its own of the same network; short stretches of steps of each take turns, ratios are
taken within a turn, and the median over all turns is printed, so that a busy machine spoils neither. On a CPU the time
is that of this thread; on a GPU it is the wall time of a stretch that ends with a synchronisation. After a stretch of
watched steps the same copy goes on without hooks: "after". With ``--rivals``, what wandb's watch and TrainCheck cost is
measured as well, where they are installed.
"""

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its name in the field
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks import rivals
from benchmarks.networks import TASKS, Task
from dnnlint.diagnostic import Site, Span
from dnnlint.evidence.trace import CHANNELS, Run
from dnnlint.probe.session import Session
from dnnlint.rule import Findings, Rule, Severity

TARGETS = {"mlp": 1.25, "gpt": 1.10, "resnet": 1.10}
SYNCS = ("aten._local_scalar_dense.default", "aten.nonzero.default", "aten._unique2.default")


class Everything(Rule):
    """Subscribes to all channels, which is what all rules together do."""

    code = "BEN001"
    level = Severity.ADVICE
    message = why = mend = "-"


def _everything() -> Rule:
    channels = [channel for channel in CHANNELS if channel is not Run]
    arguments = ", ".join(f"a{number}: {channel.__name__}" for number, channel in enumerate(channels))
    scope: dict[str, Any] = {channel.__name__: channel for channel in channels} | {"Findings": Findings}
    exec(f"def runtime(self, {arguments}) -> Findings:\n    yield from ()", scope)
    Everything.runtime = scope["runtime"]
    return Everything()


class Loop:
    """One training loop with a network of its own."""

    def __init__(self, make: Callable[[], Task], device: str) -> None:
        torch.manual_seed(0)
        task = make()
        self.network = task.network.to(device)
        self.inputs, self.targets = task.inputs.to(device), task.targets.to(device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-4)
        self.device = device

    def step(self) -> None:
        """Train one step."""
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.network(self.inputs), self.targets)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def time(self, steps: int, extra: Callable[[], None] = lambda: None) -> list[float]:
        """Seconds of each step on a CPU, of the mean step on a GPU."""
        if self.device == "cpu":
            taken = []
            for _ in range(steps):
                start = time.thread_time()
                self.step()
                extra()
                taken.append(time.thread_time() - start)
            return taken
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(steps):
            self.step()
            extra()
        torch.cuda.synchronize()
        return [(time.perf_counter() - start) / steps]


@contextlib.contextmanager
def watched(loop: Loop) -> Iterator[Session]:
    """Watch everything, for as long as the block runs."""
    session = Session([_everything()], 10**9, script=Site(__file__, Span(1, 1, 1, 1)))
    session.attach(loop.network, [loop.optimizer])
    try:
        yield session
    finally:
        session.close()
        if session.notes:
            sys.exit(f"the probe failed: {session.notes}")


@contextlib.contextmanager
def naive(loop: Loop) -> Iterator[Callable[[], None]]:
    """What one writes at first: a hook a module, and ``.item()`` for each number."""
    numbers: list[float] = []

    def look(module: nn.Module, inputs: Any, output: Tensor) -> None:
        numbers.extend(((output == 0).float().mean().item(), output.mean().item(), output.std().item()))

    def parameters() -> None:
        for parameter in loop.network.parameters():
            if parameter.grad is not None:
                numbers.extend((parameter.grad.norm().item(), parameter.norm().item()))

    handles = [module.register_forward_hook(look) for module in loop.network.modules() if not list(module.children())]
    try:
        yield parameters
    finally:
        for handle in handles:
            handle.remove()


EITHER: tuple[Callable[[Loop], contextlib.AbstractContextManager[Any]], ...] = (contextlib.nullcontext, watched)


def compare(name: str, device: str, rounds: int) -> None:
    """Print the ratios of one network."""
    make, steps = TASKS[name]
    ratios: dict[str, list[float]] = {"a second plain copy": [], "naive hooks": [], "probed": [], "after": []}
    plains = []
    for _ in range(rounds):
        plain, other, probed, after = loops = [Loop(make, device) for _ in range(4)]  # anew: memory lies as luck has it
        for loop in loops:
            loop.time(3)
        with watched(after):
            after.time(5)
        bare = statistics.median(plain.time(steps))
        plains.append(bare)
        ratios["a second plain copy"].append(statistics.median(other.time(steps)) / bare)
        ratios["after"].append(statistics.median(after.time(steps)) / bare)
        with naive(other) as extra:
            ratios["naive hooks"].append(statistics.median(other.time(steps, extra)) / bare)
        with watched(probed):
            probed.time(1)  # buffers are allocated, lines are followed
            ratios["probed"].append(statistics.median(probed.time(steps)) / bare)
    bare = statistics.median(plains)
    target = TARGETS[name]
    print(f"{name} on {device}: {bare * 1e3:.2f} ms a step, {rounds} rounds of {steps} steps")
    for contestant, found in ratios.items():
        goal = f"   (target {target:.2f})" if contestant == "probed" else ""
        print(f"  {contestant:20} {statistics.median(found):.3f}{goal}")
    print(f"  {'memory on top':20} {_memory(make, device):.1%}   (target 2 %)")
    print(f"  {'host syncs a step':20} {_syncs(make, device)}   (target 0)")


def _memory(make: Callable[[], Task], device: str) -> float:
    """Extra peak memory of five watched steps over that of five plain ones; on a CPU what the probe holds."""
    if device == "cuda":
        peaks = []
        for context in EITHER:
            loop = Loop(make, device)
            loop.time(3)
            torch.cuda.reset_peak_memory_stats()
            with context(loop):
                loop.time(5)
            peaks.append(torch.cuda.max_memory_allocated())
            del loop
        return peaks[1] / peaks[0] - 1
    from torch.profiler import ProfilerActivity, profile

    peaks = []
    for context in EITHER:
        loop = Loop(make, device)
        loop.time(3)
        held = sum(p.numel() * p.element_size() * 4 for p in loop.network.parameters())  # weight, gradient, Adam's two
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as trace, context(loop):
            loop.time(3)
        running = peak = 0
        for event in trace.events():
            running += event.self_cpu_memory_usage
            peak = max(peak, running)
        peaks.append(held + peak)
    return peaks[1] / peaks[0] - 1


class _Syncs(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations that read a number from a tensor."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += str(function) in SYNCS
        return function(*args, **(kwargs or {}))


def _syncs(make: Callable[[], Task], device: str) -> int:
    """Reads of the host in five watched steps beyond those in five plain ones; on a GPU an error names the first."""
    counts = []
    for context in EITHER:
        loop = Loop(make, device)
        with context(loop):
            loop.step()
            if device == "cuda":
                torch.cuda.set_sync_debug_mode("error")
            try:
                with _Syncs() as seen:
                    for _ in range(5):
                        loop.step()
            finally:
                if device == "cuda":
                    torch.cuda.set_sync_debug_mode("default")
        counts.append(seen.count)
    return int(counts[1] - counts[0])


def compare_rivals(name: str, device: str, rounds: int) -> None:
    """Print the ratios of other tools, or that they are not here."""
    make, steps = TASKS[name]
    if rivals.installed("wandb"):
        ratios = []
        for _ in range(min(rounds, 3)):
            plain, other = (Loop(make, device) for _ in range(2))
            plain.time(3)
            bare = statistics.median(plain.time(steps))
            with rivals.wandb_watch(other.network) as log:
                other.time(3, log)
                ratios.append(statistics.median(other.time(steps, log)) / bare)
        print(f"  {'wandb.watch, all':20} {statistics.median(ratios):.2f}")
    else:
        print(f"  {'wandb.watch, all':20} skipped: wandb is not installed")
    if not rivals.installed("traincheck"):
        print(f"  {'TrainCheck':20} skipped: traincheck is not installed")
    elif device != "cpu":
        print(f"  {'TrainCheck':20} skipped: measured on the CPU only")
    else:
        print(f"  {'TrainCheck':20} {rivals.traincheck(name)}")


def main() -> None:
    """Measure the networks that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default=",".join(TASKS))
    parser.add_argument("--rivals", action="store_true", help="measure other tools, which takes minutes")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, {options.device}")
    for name in options.only.split(","):
        compare(name, options.device, options.rounds)
        if options.rivals:
            compare_rivals(name, options.device, options.rounds)


if __name__ == "__main__":
    main()
