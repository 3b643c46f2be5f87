"""Scripts that use torch, under the probe and without it."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest
import torch  # noqa: F401 - what the scripts need, these tests need

PROBE = ("-m", "dnnlint", "probe", "-q", "--isolated", "--journal", os.devnull)
NET = """
    import torch
    from torch import nn

    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(8, 16)
            self.head = nn.Linear(16, 3)

        def forward(self, x):
            return self.head(torch.relu(self.hidden(x)))

    class Rows(torch.utils.data.Dataset):
        def __len__(self):
            return 48

        def __getitem__(self, index):
            generator = torch.Generator().manual_seed(index)
            return torch.randn(8, generator=generator), index % 3
    """
TRAINING = """
    def train(loader, epochs=3):
        net, loss_fn = Net(), nn.CrossEntropyLoss()
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
        for epoch in range(epochs):
            for x, y in loader:
                optimizer.zero_grad()
                loss = loss_fn(net(x), y)
                loss.backward()
                optimizer.step()
                print(epoch, loss.item())
        return net
    """


class Ended(NamedTuple):
    status: int
    out: str
    err: str


def python(folder: Path, *arguments: str, **environment: str) -> Ended:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def write(folder: Path, *parts: str, name: str = "train.py") -> None:
    (folder / name).write_text("\n".join(textwrap.dedent(part).strip("\n") for part in parts))


def same(folder: Path, *parts: str) -> Ended:
    """Run a script plainly and under the probe, and assert that nobody can tell which is which."""
    write(folder, *parts)
    plain = python(folder, "train.py")
    probed = python(folder, *PROBE, "train.py")
    assert probed == plain
    return plain


def test_losses_are_the_same_to_the_last_digit_with_workers_of_any_kind(tmp_path: Path) -> None:
    main = """
    if __name__ == "__main__":
        for method in ("fork", "spawn", "forkserver"):
            print(method)
            loader = torch.utils.data.DataLoader(
                Rows(), 16, shuffle=True, num_workers=1, multiprocessing_context=method
            )
            train(loader)
    """

    done = same(tmp_path, NET, TRAINING, main)

    assert (done.status, done.err) == (0, "")
    assert len(done.out.splitlines()) == 3 * (1 + 9)


def test_models_of_the_script_are_saved_for_runs_with_and_without_the_probe(tmp_path: Path) -> None:
    main = """
    import sys
    if not sys.argv[1:]:
        torch.save(train(torch.utils.data.DataLoader(Rows(), 16, shuffle=True)), "net.pt")
    net = torch.load("net.pt", weights_only=False)
    print(type(net) is Net, [name for name in vars(net) if "hook" in name and getattr(net, name)])
    """
    write(tmp_path, NET, TRAINING.replace("print(epoch, loss.item())", "pass"), main)

    assert python(tmp_path, *PROBE, "--no-static", "train.py") == Ended(0, "True []\n", "")
    assert python(tmp_path, "train.py", "load") == Ended(0, "True []\n", "")


FAILURES = {
    "in a loss": "nn.CrossEntropyLoss()(Net()(torch.randn(4, 8)), torch.zeros(5, dtype=torch.long))",
    "in a forward pass": "import sys; nn.Sequential(Net())(torch.randn(4, 8 + len(sys.argv)))",
    "in a loader": "list(torch.utils.data.DataLoader([1, 'a', None], 3))",
    "in a closure": "torch.optim.SGD([nn.Parameter(torch.ones(2))], 0.1).step(lambda: 1 / 0)",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_tracebacks_are_those_without_the_probe(tmp_path: Path, failure: str) -> None:
    done = same(tmp_path, NET, FAILURES[failure])

    assert done.status == 1
    assert done.err.startswith("Traceback (most recent call last):\n")


def test_what_the_script_sets_before_it_imports_torch_counts(tmp_path: Path) -> None:
    script = """
    import os, sys
    assert "torch" not in sys.modules
    os.environ["OMP_NUM_THREADS"] = "2"
    import torch
    print(torch.get_num_threads(), type(torch.__loader__).__name__, torch.__loader__ is torch.__spec__.loader)
    print([type(finder).__name__ for finder in sys.meta_path if "dnnlint" in type(finder).__module__])
    """

    assert same(tmp_path, script).out == "2 SourceFileLoader True\n[]\n"


def test_what_is_read_and_what_is_seen_are_one_finding(tmp_path: Path) -> None:
    faulty = NET.replace("return self.head", "return torch.softmax(self.head").replace("(x)))\n", "(x))), 1)\n", 1)
    write(tmp_path, faulty, TRAINING, "train(torch.utils.data.DataLoader(Rows(), 16, shuffle=True))")

    done = python(tmp_path, *PROBE, "--output-format", "json", "train.py")

    document = json.loads(done.out[done.out.index("{") :])
    (finding,) = [finding for finding in document["findings"] if finding["code"] == "DNN401"]
    assert finding["source"] == "both"
    assert finding["location"]["row"] == 1 + (tmp_path / "train.py").read_text().splitlines().index(
        "        return torch.softmax(self.head(torch.relu(self.hidden(x))), 1)"
    )
    assert "in the run: " in finding["message"]
    assert document["run"]["steps"] == 5


def test_several_processes_make_one_report(tmp_path: Path) -> None:
    faulty = NET.replace("return self.head", "return torch.softmax(self.head").replace("(x)))\n", "(x))), 1)\n", 1)
    main = """
    import os
    torch.distributed.init_process_group("gloo")
    train(torch.utils.data.DataLoader(Rows(), 16, shuffle=True), epochs=2)
    torch.distributed.destroy_process_group()
    """
    write(tmp_path, faulty, TRAINING.replace("print(epoch, loss.item())", "pass"), main)

    launcher = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29477")
    done = python(tmp_path, *launcher, *PROBE, "--fail-on", "error", "--output-format", "concise", "train.py")

    assert done.status == 0, done.err
    assert done.out.count("DNN401") == 1
