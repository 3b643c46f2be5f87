"""How a program ends in an exception: with the traceback and the signal that it would have without us."""

import contextlib
import os
import sys
import types

from dnnlint.probe.hookless import as_without_hooks
from dnnlint.probe.patches import HIDDEN

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def leave_no_trace(error: BaseException) -> None:
    """Have Python print the traceback of an exception as if we had not been on the stack.

    Frames of ours are taken out of it here; those further out are only added while the exception leaves us, so the
    traceback is put right once more when it is printed.
    """
    trace = _cleaned(error)
    hook = sys.excepthook

    def show(kind: type[BaseException], value: BaseException, last: types.TracebackType | None) -> None:
        sys.excepthook = hook
        if value is error:
            value.__traceback__ = sys.last_traceback = last = trace
        hook(kind, value, last)

    sys.excepthook = show


def _cleaned(error: BaseException) -> types.TracebackType | None:
    """Take our frames out of an exception and of those that led to it; returns its new traceback."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = _linked(without_us(one.__traceback__))
            waiting += [one.__cause__, one.__context__]
            waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
    return error.__traceback__


def without_us(trace: types.TracebackType | None) -> list[types.TracebackType]:
    """The entries of a traceback that it would have without us."""
    kept = []
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if not filename.startswith(_OURS) and filename != HIDDEN:
            kept.append(trace)
        trace = trace.tb_next
    return as_without_hooks(kept)


def _linked(kept: list[types.TracebackType]) -> types.TracebackType | None:
    for index, one in enumerate(kept):
        one.tb_next = kept[index + 1] if index + 1 < len(kept) else None
    return kept[0] if kept else None


def remember_interrupt() -> None:
    """Have the process die of SIGINT in the end, as one does whose program was interrupted.

    Python keeps a flag for that, and clears it whenever a text is evaluated, as every named tuple does.
    """
    with contextlib.suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt")  # a text, because only these set the flag
