"""What git ignores: asked from git itself, or worked out from its ignore files where git cannot tell."""

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def listed_by_git(root: str) -> list[str] | None:
    """Absolute paths of the tracked and unignored files below a folder, or None where git cannot tell.

    A nested repository comes as its folder. A folder that is ignored as a whole was named on purpose, so git
    is not heard about it.
    """
    if _work_tree(root) is None:
        return None
    output = _git(root, "ls-files", "-co", "--exclude-standard", "-z")
    if output is None:
        return None
    names = [os.fsdecode(name) for name in dict.fromkeys(output.split(b"\0")) if name]
    if not names and _git(root, "check-ignore", "-q", ".") is not None:
        return None
    return [os.path.join(root, name) for name in names]


def _git(root: str, *arguments: str) -> bytes | None:
    """Output of one git command that succeeded; a hook's GIT_* variables speak of another folder."""
    import subprocess

    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", root, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, env=environment, stdin=subprocess.DEVNULL, check=False)
    except OSError:  # no git on this machine
        return None
    return done.stdout if done.returncode == 0 else None


def _work_tree(root: str) -> str | None:
    """The nearest folder at or above `root` that holds a repository."""
    while not os.path.lexists(os.path.join(root, ".git")):
        parent = os.path.dirname(root)
        if parent == root:
            return None
        root = parent
    return root


class _Spec(NamedTuple):
    """The patterns of one folder, once as they count for files and once for folders."""

    files: "GitIgnoreSpec"
    folders: "GitIgnoreSpec"


class Rules:
    """The ignore files that govern a tree, read as its folders are entered."""

    def __init__(self, root: str) -> None:
        self._specs: dict[str, _Spec | None] = {}
        self._top = root
        tree = _work_tree(root)
        if tree not in (None, root) and not self._judge(root, True, _up(os.path.dirname(root), str(tree))):
            self._top = str(tree)

    def ignores(self, path: str, folder: bool) -> bool:
        """Whether the nearest ignore file that has an opinion on a path says to skip it."""
        return self._judge(path, folder, _up(os.path.dirname(path), self._top))

    def _judge(self, path: str, folder: bool, directories: Iterator[str]) -> bool:
        for directory in directories:
            spec = self._spec(directory)
            if spec is not None:
                relative = os.path.relpath(path, directory).replace(os.sep, "/")
                verdict = (spec.folders if folder else spec.files).check_file(relative).include
                if verdict is not None:
                    return bool(verdict)
        return False

    def _spec(self, directory: str) -> _Spec | None:
        if directory not in self._specs:
            lines = _lines(os.path.join(directory, ".git", "info", "exclude"))
            lines += _lines(os.path.join(directory, ".gitignore"))
            # the library takes every path for a file, so a pattern for folders only must look like any other
            folders = [line.rstrip().removesuffix("/") for line in lines]
            self._specs[directory] = _Spec(_compile(lines), _compile(folders)) if lines else None
        return self._specs[directory]


def _up(directory: str, top: str) -> Iterator[str]:
    """Folders from `directory` up to `top`, both included."""
    yield directory
    while directory != top and directory != os.path.dirname(directory):
        directory = os.path.dirname(directory)
        yield directory


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().splitlines()
    except OSError:  # most folders have none
        return []


def _compile(lines: list[str]) -> "GitIgnoreSpec":
    """Compile patterns; as for git, a malformed one matches nothing."""
    from pathspec import GitIgnoreSpec

    def sound(line: str) -> bool:
        try:
            GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            return False
        return True

    return GitIgnoreSpec.from_lines(line for line in lines if sound(line))
