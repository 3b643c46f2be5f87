"""Runs programs in forks of one process that has imported torch already: an import takes longer than most of them.

A plain program is run by ``runpy``, a probed one by the command line of dnnlint, in the very way of ``python -m``.
Jobs are read from standard input and their exit statuses written to standard output: one line of JSON a batch. A job
on the command line is run at once, for launchers of several processes.
"""

import atexit
import gc
import json
import os
import pickle
import random
import runpy
import sys
from collections import Counter
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import torch
import torch._dynamo
from torch.nn.modules import module as module_hooks
from torch.optim import optimizer as optimizer_hooks
from torch.utils.data import dataloader

from dnnlint.cli import probe_run  # noqa: F401 - imported here, it need not be in every fork
from dnnlint.packs import load_rules
from dnnlint.probe import channels  # noqa: F401

_OWNERS = (
    torch,
    torch._C._nn,
    torch.autograd,
    torch.compiler,
    torch.func,
    torch.nn.functional,
    torch.nn.init,
    torch.nn.utils,
    torch.nn.utils.clip_grad,
)
_KINDS = (
    torch.Tensor,
    torch.nn.Module,
    torch.optim.Optimizer,
    torch.optim.lr_scheduler.LRScheduler,
    torch.utils.data.DataLoader,
    dataloader._BaseDataLoaderIter,
    torch.amp.GradScaler,
)


def main() -> None:
    """Serve until standard input ends."""
    torch.set_num_threads(1)  # a pool of threads does not survive a fork
    if sys.argv[1:]:  # one of several processes that a launcher started
        job = json.loads(sys.argv[1])
        run(**{**job, "prefix": job["prefix"] + os.environ["RANK"]})
        return
    load_rules()
    gc.freeze()  # none of it is garbage
    answers = os.dup(1)
    for line in sys.stdin:
        children = [_born(job) for job in json.loads(line)]
        statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        os.write(answers, json.dumps(statuses).encode() + b"\n")


def _born(job: dict[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    _redirect(job["prefix"])
    run(**job)
    raise SystemExit


def _redirect(prefix: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as long as the process
    for descriptor, name in ((1, "out"), (2, "err")):
        file = os.open(f"{prefix}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)


def run(prefix: str, script: str, options: list[str] | None, environment: dict[str, str]) -> None:
    """Run a script in this process; with options, under the probe."""
    os.chdir(os.path.dirname(prefix))
    os.environ.update(environment)
    random.seed(0)  # a fork gives it a seed of its own
    sys.path.insert(0, os.path.dirname(script))
    before = Surroundings()
    atexit.register(lambda: _write(f"{prefix}.end", before.differences()))  # after everything of the script's
    if options is None:
        sys.argv = [script]
        runpy.run_path(script, run_name="__main__")
        return
    sys.argv = ["dnnlint", "probe", *options, "-o", f"{prefix}.json", "--output-format", "json", script]
    _listen(prefix, before)
    runpy.run_module("dnnlint", run_name="__main__", alter_sys=True)


def _listen(prefix: str, before: "Surroundings") -> None:
    """Write down what was measured, and what is different in torch as soon as the watching is over."""
    from dnnlint.probe.session import Session

    original, gather = Session.close, Session.gather

    def close(self: Session) -> None:
        first = self.watching
        original(self)
        if first:
            _write(f"{prefix}.left", before.differences())
        keep(self)

    def gathered(self: Session) -> None:
        gather(self)
        keep(self)

    def keep(self: Session) -> None:
        with open(f"{prefix}.record", "wb") as file:
            pickle.dump(self.record, file)

    Session.close, Session.gather = close, gathered  # type: ignore[method-assign]


def _write(path: str, value: object) -> None:
    with open(path, "w") as file:
        json.dump(value, file)


class Surroundings:
    """Everything that the probe may replace or add to, by name; objects are kept, so identities are not reused."""

    def __init__(self) -> None:
        kinds = [one for kind in _KINDS for one in (kind, *_below(kind))]
        self._owners = {_name(owner): owner for owner in (*_OWNERS, *kinds)}
        self._before = self._now()
        gc.freeze()  # what is there already is none of the probe's

    def differences(self) -> list[str]:
        """Names of what was added, taken away or replaced."""
        before, after, absent = self._before, self._now(), object()
        after |= {f"{name} of ours": True for name in _functions_of_ours()}
        return sorted(n for n in before.keys() | after.keys() if before.get(n, absent) is not after.get(n, absent))

    def _now(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            f"{owner}.{name}": value
            for owner, holder in self._owners.items()
            for name, value in vars(holder).items()
            if callable(value)
        }
        for name, value in {**vars(module_hooks), **vars(optimizer_hooks)}.items():
            if name.startswith("_global") and isinstance(value, dict):
                found[name] = value
                found[f"{name}, ours"] = sum(number < 0 for number in value)
        table: dict[int, str] = torch.jit._builtins._get_builtin_table()  # type: ignore[no-untyped-call]
        builtins = Counter(table.values())
        found.update((f"builtin {name}", count) for name, count in builtins.items())
        found.update((f"meta_path {place}", finder) for place, finder in enumerate(sys.meta_path))
        found |= {"trace": sys.gettrace(), "profile": sys.getprofile(), "excepthook": sys.excepthook}
        return {**found, "stance": torch._dynamo.eval_frame._stance}


def _functions_of_ours() -> set[str]:
    """Names of wrappers that are still referred to by anything."""
    gc.collect()
    functions = (thing for thing in gc.get_objects() if type(thing) is FunctionType)
    return {function.__qualname__ for function in functions if function.__code__.co_filename.startswith("<dnnlint")}


def _name(owner: Any) -> str:
    return owner.__name__ if isinstance(owner, ModuleType) else f"{owner.__module__}.{owner.__qualname__}"


def _below(kind: type) -> Iterator[type]:
    subclasses: list[type] = type.__subclasses__(kind)
    for one in subclasses:
        yield one
        yield from _below(one)


if __name__ == "__main__":
    main()
