"""Room for code that recurses deeper than the stack it was started on."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import threading

T = TypeVar("T")

# Address space, not memory: only what is touched is ever paid for.
_SIZES = tuple(megabytes * 1024 * 1024 for megabytes in (256, 64))
_RECURSION_LIMIT = 200_000


def on_large_stack(task: Callable[[], T]) -> T:
    """Run a task in a thread with a large stack and a high recursion limit, and hand its outcome on."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(task())
        except BaseException as error:  # a panic of native code is no Exception
            failure.append(error)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        _start(run).join()
    finally:
        sys.setrecursionlimit(limit)
    if failure:
        raise failure[0]
    return outcome[0]


def _start(run: Callable[[], None]) -> "threading.Thread":
    import threading

    for size in _SIZES:
        before = threading.stack_size(size)
        try:
            thread = threading.Thread(target=run, name="dnnlint-large-stack")
            thread.start()
        except RuntimeError:  # the address space is limited: try with less
            continue
        finally:
            threading.stack_size(before)
        return thread
    raise MemoryError("no room for a large stack")
