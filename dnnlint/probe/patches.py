"""Attributes replaced for a while, and put back exactly as they were."""

from collections.abc import Callable
from typing import Any

_ABSENT = object()
HIDDEN = "<dnnlint, passed over like importlib._bootstrap>"


def hidden(function: Any) -> Any:
    """Let warnings look through a frame of ours, so that they name the same line of the user's as ever.

    ``warnings`` passes over frames whose file name holds both "importlib" and "_bootstrap" when it counts its
    ``stacklevel`` (Lib/warnings.py, ``_is_internal_frame``); tracebacks are cleaned of this name by the launcher.
    """
    function.__code__ = function.__code__.replace(co_filename=HIDDEN)
    return function


class Patches:
    """A stack of replaced attributes."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any, Any]] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> Any:
        """Set ``owner.name`` to ``make(original)`` and return the new value.

        A class keeps no trace of it: an attribute that it merely inherited is deleted again.
        """
        original = getattr(owner, name)
        before = vars(owner).get(name, _ABSENT)
        made = make(original)
        setattr(owner, name, made)
        self._undo.append((owner, name, before, made))
        return made

    def restore(self) -> None:
        """Put everything back, the last first; what somebody else replaced since is left to them, but without us."""
        while self._undo:
            owner, name, before, made = self._undo.pop()
            now = vars(owner).get(name)
            if now is not made:
                _bypass(now, made)
            elif before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)


def _bypass(wrapper: Any, made: Any) -> None:
    """Have a function that wrapped ours, as dynamo does with ``Module.__init__``, call what ours wraps."""
    for cell in getattr(wrapper, "__closure__", None) or ():
        if cell.cell_contents is made:
            cell.cell_contents = made.__wrapped__
