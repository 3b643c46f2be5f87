"""Lines of the user's: which of the frames on the stack is theirs, and where in it control stands.

Taking a position costs a microsecond or two while the script runs (``take``); turning it into rows and columns is
left for the few that are reported (``site``).
"""

import linecache
import os
import sys
import sysconfig
from functools import cache
from types import CodeType, FrameType
from typing import NamedTuple

from dnnlint.diagnostic import Site, Span

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_INSTALLED = tuple(
    {
        os.path.join(os.path.abspath(path), "")
        for key, path in sysconfig.get_paths().items()
        if key in ("stdlib", "platstdlib", "purelib", "platlib")
    }
)
_SHELVES = {"site-packages", "dist-packages"}  # of other environments as well: of the system, the user, a .pth file
TOP = Span(1, 1, 1, 1)


class Mark(NamedTuple):
    """A position in running code, not yet turned into a line."""

    code: CodeType
    instruction: int  # index of the byte code instruction, in bytes


def take(depth: int = 1, maker_of: object = None, unless: str = "") -> Mark | None:
    """The innermost position in the user's own code; None if only libraries are on the stack.

    Args:
        depth: frames to leave out, 1 for the caller's.
        maker_of: an object under construction, whose own constructors are left out as well.
        unless: name of a library's function; below it nothing is the user's doing.
    """
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        code = frame.f_code
        if is_users(code.co_filename) and not (maker_of is not None and _constructs(frame, maker_of)):
            return Mark(code, frame.f_lasti)
        if unless and code.co_name == unless:
            return None
        frame = frame.f_back
    return None


def _constructs(frame: FrameType, made: object) -> bool:
    """Whether a frame is a constructor of this very object."""
    code = frame.f_code
    return code.co_name == "__init__" and bool(code.co_argcount) and frame.f_locals.get(code.co_varnames[0]) is made


def failed_at(error: BaseException) -> Mark | None:
    """The innermost position in the user's own code that an exception came through."""
    found, trace = None, error.__traceback__
    while trace is not None:
        if is_users(trace.tb_frame.f_code.co_filename):
            found = Mark(trace.tb_frame.f_code, trace.tb_lasti)
        trace = trace.tb_next
    return found


@cache
def is_users(filename: str) -> bool:
    """Whether a file is the user's: a file or notebook cell, neither ours, nor installed, nor part of Python."""
    if filename.startswith("<") and not filename.startswith("<ipython-input"):
        return False
    path = os.path.abspath(filename)
    if path.startswith(_OURS):
        return False
    return not path.startswith(_INSTALLED) and _SHELVES.isdisjoint(path.split(os.sep))


def site(mark: Mark | None, otherwise: Site) -> Site:
    """Turn a position into rows and columns."""
    return otherwise if mark is None else _resolved(mark)


@cache
def _resolved(mark: Mark) -> Site:
    code = mark.code
    path = os.path.abspath(code.co_filename)
    return Site(path, _span(code, mark.instruction, path), scope_of(code))


def scope_of(code: CodeType) -> str:
    """Qualified name of the function that a code object is of, "" at the top of a module."""
    return "" if code.co_name == "<module>" else code.co_qualname.replace(".<locals>", "")


def _span(code: CodeType, instruction: int, path: str) -> Span:
    positions = list(code.co_positions())
    index = instruction // 2
    row, end_row, column, end_column = positions[index] if 0 <= index < len(positions) else (None,) * 4
    if row is None:
        first = max(code.co_firstlineno, 1)
        return Span(first, 1, first, 1)
    if end_row is None or column is None or end_column is None:
        text = linecache.getline(path, row)
        return Span(row, len(text) - len(text.lstrip()) + 1, row, len(text.rstrip()) + 1)
    return Span(row, characters(path, row, column), end_row, characters(path, end_row, end_column))


def characters(path: str, row: int, offset: int) -> int:
    """Column from 1 in characters, of a byte offset into a line of UTF-8."""
    text = linecache.getline(path, row)
    return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1 if text else offset + 1
