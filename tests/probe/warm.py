"""A process that has imported torch once and forks for each program, so that a program costs no import.

    python -m tests.probe.warm

reads one job a line (JSON: ``arguments``, ``folder``, ``output``, ``probe``) and answers each with its exit status
and seconds. The child becomes the program: it has its own folder, streams, arguments and end.
"""

import gc
import json
import os
import runpy
import signal
import sys
import time
from typing import Any

TIMEOUT = 100  # seconds a program


def serve() -> None:
    """Answer jobs until there are no more; returns in a child only when its program is over."""
    for line in sys.stdin:
        job = json.loads(line)
        start = time.perf_counter()
        child = os.fork()
        if child == 0:
            _become(job)
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), time.perf_counter() - start]), flush=True)


def _become(job: dict[str, Any]) -> None:
    signal.alarm(TIMEOUT)
    os.chdir(job["folder"])
    output = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, number in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
        os.dup2(stream, number)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - it lives as long as the process
    if job["probe"]:
        from dnnlint.cli import main

        sys.exit(main(job["arguments"]))
    sys.argv = job["arguments"]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    import torch
    import torch._dynamo

    torch.set_num_threads(1)
    gc.freeze()  # what is imported is not collected when a child ends, which would cost it a second
    serve()
