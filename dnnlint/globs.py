"""File patterns as users write them: ``build``, ``*_pb2.py``, ``tests/**``, ``*.{py,pyi}``.

A pattern without a slash names a file or folder anywhere in the tree; one with a slash is anchored at
its root. ``*`` also crosses slashes, as in ruff.
"""

import os
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

_WORD = re.compile(r"\*\*/|\*+|\?|\{|\}|,|\[!?\]?[^\]]*\]|.", re.DOTALL)


_SPECIAL = re.compile(r"[*?\[{/\\]")


class Glob(NamedTuple):
    """A pattern and the folder it is anchored at."""

    pattern: str
    root: str

    def matches(self, path: str) -> bool:
        """Whether an absolute path is meant by the pattern itself, its parents not asked."""
        return _matcher(self.pattern, self.root)(path)


def any_of(globs: Iterable[Glob]) -> Callable[[str], bool]:
    """One question in place of many: plain names, the usual case, are looked up instead of matched."""
    globs = tuple(globs)
    plain = frozenset(glob.pattern for glob in globs if not _SPECIAL.search(glob.pattern))
    rest = [_matcher(*glob) for glob in globs if glob.pattern not in plain]
    return lambda path: os.path.basename(path) in plain or any(matches(path) for matches in rest)


@cache
def _matcher(pattern: str, root: str) -> Callable[[str], bool]:
    bare = _slashed(pattern).removeprefix("./").rstrip("/")
    if "/" not in bare:
        named = re.compile(_regex(bare)).fullmatch
        return lambda path: named(os.path.basename(path)) is not None
    anchor = "" if os.path.isabs(bare) else re.escape(_slashed(root).rstrip("/")) + "/"
    anchored = re.compile(anchor + _regex(bare)).fullmatch
    return lambda path: anchored(_slashed(path)) is not None


def _slashed(path: str) -> str:
    return path.replace(os.sep, "/")


def _regex(glob: str) -> str:
    """Translate; a brace or bracket that is never closed stands for itself."""
    balanced = glob.count("{") == glob.count("}")
    depth, parts = 0, []
    for word in _WORD.findall(glob):
        if balanced and word in "{}":
            depth += 1 if word == "{" else -1
            if depth < 0:
                return re.escape(glob)
            parts.append("(?:" if word == "{" else ")")
        elif word == "," and depth:
            parts.append("|")
        else:
            parts.append(_word(word))
    return "(?s:" + "".join(parts) + ")"


def _word(word: str) -> str:
    if word == "**/":
        return "(?:.*/)?"
    if word.startswith("*"):
        return ".*"
    if word == "?":
        return "[^/]"
    if len(word) > 2 and word[0] == "[":
        return _character_class(word)
    return re.escape(word)


def _character_class(word: str) -> str:
    negated = word.startswith("[!")
    inner = word[2 if negated else 1 : -1].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    safe = f"[{'^' if negated else ''}{inner if negated or not inner.startswith('^') else chr(92) + inner}]"
    try:
        re.compile(safe)
    except re.error:
        return re.escape(word)
    return safe
