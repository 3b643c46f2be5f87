"""Which line of the user's made which node of the autograd graph.

Functions such as ``F.softmax`` leave no trace of the line that called them. Autograd numbers its nodes in the order
of their making; writing down the current number whenever control enters a line of the user's therefore tells, later,
which line any node came from. Lines are followed in the first forward passes only, and not at all where a debugger
or a coverage tool already does.
"""

import bisect
import linecache
import os
import sys
from types import CodeType, FrameType
from typing import Any

import torch

from dnnlint.diagnostic import Site, Span
from dnnlint.probe.sites import is_users, scope_of

_LIMIT = 20_000  # lines; a loop over time steps in Python may have many


class OpLines:
    """A record of lines by the number of the first node that could have been made there."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._lines: list[tuple[CodeType, int] | None] = []
        self._on = False

    def start(self) -> None:
        """Follow lines from here on: in the user's frames on the stack, and in all that they call."""
        if self._on or sys.gettrace() is not None or len(self._numbers) > _LIMIT:
            return
        self._on = True
        frame: FrameType | None = sys._getframe(1)
        sys.settrace(self._enter)
        while frame is not None:
            if is_users(frame.f_code.co_filename):
                frame.f_trace = self._inside
                self._note(frame)
                break
            frame = frame.f_back

    def stop(self) -> None:
        """Follow no lines any more."""
        if not self._on:
            return
        self._on = False
        self._numbers.append(torch._C._autograd._get_sequence_nr())  # what is made from here on was not followed
        self._lines.append(None)
        if sys.gettrace() == self._enter:
            sys.settrace(None)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_trace == self._inside:
                frame.f_trace = None
            frame = frame.f_back

    def site(self, number: int) -> Site | None:
        """The line that made the node of this number, if its forward pass was followed."""
        place = bisect.bisect_right(self._numbers, number) - 1
        line = self._lines[place] if place >= 0 else None
        if line is None:
            return None
        code, row = line
        path = os.path.abspath(code.co_filename)
        text = linecache.getline(path, row)
        span = Span(row, len(text) - len(text.lstrip()) + 1, row, len(text.rstrip()) + 1)
        return Site(path, span, scope_of(code))

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._inside if is_users(frame.f_code.co_filename) else None

    def _inside(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not self._on:
            return None
        if event == "line":
            self._note(frame)
        elif event == "return":  # control goes back into the middle of a line of the caller's
            caller = frame.f_back
            while caller is not None and not is_users(caller.f_code.co_filename):
                caller = caller.f_back
            if caller is not None:
                self._note(caller)
        return self._inside

    def _note(self, frame: FrameType) -> None:
        number = torch._C._autograd._get_sequence_nr()
        if len(self._numbers) < _LIMIT:
            self._numbers.append(number)
            self._lines.append((frame.f_code, frame.f_lineno))
