"""Find the files to read: what the paths name, less what git ignores and what is excluded."""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from dnnlint.errors import UsageError

if TYPE_CHECKING:
    from dnnlint.script.ignores import Rules

Excluded = Callable[[str], bool]  # asked about one absolute path, its parents not implied


class Discovery(NamedTuple):
    """What is to be read, in a fixed order, as absolute paths."""

    files: tuple[str, ...]
    notebooks: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]  # paths that stand in the tree but cannot be opened, and why


class _Entry(NamedTuple):
    path: str
    error: OSError | None = None


def discover(paths: Iterable[str], excluded: Excluded, git: Callable[[str], bool], force_exclude: bool) -> Discovery:
    """Walk folders and take files as they are named; `git` says where its ignore files count."""
    entries: dict[str, _Entry] = {}
    real: dict[str, str] = {}
    for path in paths:
        for entry in _named(path, excluded, git, force_exclude):
            entries.setdefault(_identity(entry.path, real), entry)
    ordered = sorted(entries.values())
    sound = [entry.path for entry in ordered if entry.error is None]
    return Discovery(
        files=tuple(path for path in sound if not path.endswith(".ipynb")),
        notebooks=tuple(path for path in sound if path.endswith(".ipynb")),
        broken=tuple((entry.path, reason(entry.error)) for entry in ordered if entry.error is not None),
    )


def reason(error: OSError) -> str:
    """Say what the system refused, in lower case and without the path."""
    return (error.strerror or str(error)).lower()


def excluded_below(path: str, root: str, excluded: Excluded) -> bool:
    """Whether a path, or any folder between it and a root above it, is excluded."""
    while path != root and path != os.path.dirname(path):
        if excluded(path):
            return True
        path = os.path.dirname(path)
    return False


def _named(path: str, excluded: Excluded, git: Callable[[str], bool], force_exclude: bool) -> Iterator[_Entry]:
    full = os.path.abspath(path)
    if force_exclude and excluded_below(full, os.getcwd(), excluded):
        return
    try:
        folder = stat.S_ISDIR(os.stat(full).st_mode)
    except OSError as error:
        if not os.path.lexists(full):
            raise UsageError(_missing(path)) from error
        yield _Entry(full, error)
        return
    if folder:
        yield from _folder(full, excluded, git(full))
    else:
        yield _Entry(full)


def _folder(root: str, excluded: Excluded, git: bool) -> Iterator[_Entry]:
    from dnnlint.script import ignores  # single files need none of it

    listed = ignores.listed_by_git(root) if git else None
    if listed is None:
        yield from _walk(root, excluded, ignores.Rules(root) if git else None)
        return
    known: dict[str, bool] = {root: False}
    for path in listed:
        if _excluded_cached(path, excluded, known):
            continue
        if os.path.isdir(path) and not os.path.islink(path):  # a repository inside this one
            yield from _folder(path.rstrip(os.sep), excluded, git)
        elif _is_source(path):
            yield from _checked(path)


def _excluded_cached(path: str, excluded: Excluded, known: dict[str, bool]) -> bool:
    path = path.rstrip(os.sep)
    if path not in known:
        known[path] = _excluded_cached(os.path.dirname(path), excluded, known) or excluded(path)
    return known[path]


def _walk(root: str, excluded: Excluded, ignored: "Rules | None") -> Iterator[_Entry]:
    """Depth first, links to folders not followed, so that no loop of links can hold it."""
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as scan:
                children = sorted(scan, key=lambda child: child.name)
        except OSError as error:
            yield _Entry(folder, error)
            continue
        for child in children:
            inside = child.is_dir(follow_symlinks=False)
            if not (inside or _is_source(child.name)) or excluded(child.path):
                continue
            if ignored is not None and ignored.ignores(child.path, inside):
                continue
            if inside:
                pending.append(child.path)
            else:
                yield from _checked(child.path)


def _is_source(name: str) -> bool:
    return name.endswith((".py", ".ipynb"))


def _checked(path: str) -> Iterator[_Entry]:
    """Keep regular files and links to them; a link that leads nowhere is told, save an editor's lock."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        deleted = error.errno == errno.ENOENT and not os.path.islink(path)
        if not deleted and not os.path.basename(path).startswith(".#"):
            yield _Entry(path, error)
        return
    if stat.S_ISREG(mode):
        yield _Entry(path)


def _identity(path: str, real: dict[str, str]) -> str:
    """The same file under two names is read once; the real names of folders are remembered."""
    if os.path.islink(path):
        return os.path.realpath(path)
    folder, name = os.path.split(path)
    if folder not in real:
        real[folder] = os.path.realpath(folder)
    return os.path.join(real[folder], name)


def _missing(path: str) -> str:
    from dnnlint.suggest import nearest

    folder, name = os.path.split(path)
    try:
        siblings = os.listdir(folder or os.curdir)
    except OSError:
        siblings = []
    return f"no such file or directory: {path!r}{nearest(name, siblings)}"
