"""The folder that everything remembered lies in; it may be deleted at any time."""

import os
from collections.abc import Callable

NAME = ".dnnlint_cache"
VARIABLE = "DNNLINT_CACHE_DIR"
_KEEP_OUT = {
    ".gitignore": "*\n",
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# Written by dnnlint; may be deleted.\n",
}


def make(cache: str, *inner: str) -> str:
    """Make the cache folder and a folder in it, and have version control and backups leave it alone."""
    folder = os.path.join(cache, *inner)
    os.makedirs(folder, exist_ok=True)
    for name, text in _KEEP_OUT.items():
        path = os.path.join(cache, name)
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    return folder


def is_ours(cache: str) -> bool:
    """Whether a folder was made by `make`, so that deleting it deletes nothing of the user's."""
    try:
        with open(os.path.join(cache, "CACHEDIR.TAG"), encoding="utf-8", errors="replace") as file:
            return file.read() == _KEEP_OUT["CACHEDIR.TAG"]
    except OSError:
        return False


def replace(path: str, text: Callable[[], str]) -> None:
    """Write a file in one go: whoever reads it sees the old text or the new one, after a kill as well.

    The text is made as late as possible, since other processes may have written in the meantime.
    """
    passing = f"{path}.{os.getpid()}.tmp"
    try:
        with open(passing, "w", encoding="utf-8") as file:
            file.write(text())
        os.replace(passing, path)
    except BaseException:
        _remove(passing)
        raise


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except OSError:  # it was never made, or somebody cleaned up
        return
