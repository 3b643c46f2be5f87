"""The texts that are checked: where they lie, how they are called, what stands in them."""

import os
import re
from collections.abc import Sequence

from dnnlint.script.source import Unparseable, decode

_LINE_END = re.compile(r"\r\n|\r|\n")


class Texts:
    """Files on disk and, if there is one, the text from standard input under the name it goes by."""

    def __init__(self, stdin: bytes | None = None, stdin_filename: str = "") -> None:
        self._here = os.getcwd()
        self._stdin = stdin
        self._stdin_name = stdin_filename or "-"
        self.stdin_path = os.path.join(self._here, self._stdin_name)
        self._lines: dict[str, Sequence[str]] = {}

    def name(self, path: str) -> str:
        """How a path is shown: relative to the working directory where it lies under it."""
        if self._stdin is not None and path == self.stdin_path:
            return self._stdin_name
        root = self._here.rstrip(os.sep) + os.sep
        return path[len(root) :] if path.startswith(root) else path

    def path(self, name: str) -> str:
        """The absolute path behind a shown name."""
        return os.path.join(self._here, name)

    def data(self, path: str) -> bytes:
        """Bytes of a file; an OSError if it cannot be read."""
        if self._stdin is not None and path == self.stdin_path:
            return self._stdin
        with open(path, "rb") as file:
            return file.read()

    def text(self, path: str) -> str:
        """A file's text for looking at: what does not fit its encoding is replaced; empty if it is gone."""
        try:
            return _decoded(self.data(path))
        except OSError:
            return ""

    def lines(self, name: str) -> Sequence[str]:
        """Lines of a file by its shown name, split as Python counts them."""
        if name not in self._lines:
            self._lines[name] = _LINE_END.split(self.text(self.path(name)))
        return self._lines[name]


def _decoded(data: bytes) -> str:
    try:
        return decode(data)
    except Unparseable:
        return data.decode("utf-8", "replace").removeprefix("\ufeff")
