"""Runs a program as ``__main__``, as Python itself would.

The recipe is that of coverage.py: a main module of the program's own, put into ``sys.modules`` before its code runs
and left there, so that pickling, ``inspect``, ``multiprocessing`` and exit handlers find what they expect.
"""

import os
import runpy
import sys
import types
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader, SourcelessFileLoader
from typing import NamedTuple

from dnnlint.errors import DnnlintError
from dnnlint.probe.endings import leave_no_trace


class UnrunnableError(DnnlintError):
    """There is no such program, or it cannot be run."""


class Program(NamedTuple):
    """What to run: a script, a folder or archive with a ``__main__.py``, or a module."""

    name: str  # path or dotted name, as it was asked for
    arguments: tuple[str, ...] = ()
    is_module: bool = False


class _Loaded(NamedTuple):
    code: types.CodeType
    spec: ModuleSpec | None  # none for a plain script
    file: str
    loader: object


def find(program: Program) -> str | None:
    """The file whose code will run, without running any; None for a module that only its package can tell."""
    if program.is_module:
        return _find_module(program.name)
    path = _absolute(program.name)
    if not os.path.exists(path):
        raise UnrunnableError(f"{program.name}: no such file")
    if not _holds_main(path):
        return path
    spec = PathFinder.find_spec("__main__", [path])
    if spec is None:
        raise UnrunnableError(f"{program.name}: has no __main__.py")
    return spec.origin


def run(program: Program) -> None:
    """Run a program to its end; what it raises is raised here, and its traceback will be printed without us."""
    _take_over(program)
    try:
        loaded = _module(program.name) if program.is_module else _script(program.name)
        main = _main(loaded)
        if program.is_module:
            sys.argv[0] = loaded.file
    except (SystemExit, UnrunnableError):
        raise
    except BaseException as error:  # a package of the program's may raise anything while it is imported
        leave_no_trace(error)
        raise
    previous = sys.modules["__main__"]  # kept alive: we are in the middle of it  # noqa: F841
    sys.modules["__main__"] = main
    try:
        exec(loaded.code, main.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        leave_no_trace(error)
        raise


def _take_over(program: Program) -> None:
    """Make the arguments and the import path those that Python would have started the program with."""
    sys.argv = ["-m" if program.is_module else program.name, *program.arguments]
    path = _absolute(program.name)
    own = not program.is_module and _holds_main(path)
    if not sys.flags.safe_path:
        del sys.path[0]  # where we ourselves were started from
    elif not own:
        return
    sys.path.insert(0, os.getcwd() if program.is_module else path if own else os.path.dirname(os.path.realpath(path)))


def _absolute(path: str) -> str:
    return os.path.join(os.getcwd(), path)  # not normalised: Python does not either


def _holds_main(path: str) -> bool:
    """Whether Python looks inside a path for a ``__main__.py``."""
    if os.path.isdir(path):
        return True
    from zipimport import ZipImportError, zipimporter

    try:
        zipimporter(path)
    except ZipImportError:
        return False
    return True


def _find_module(name: str) -> str | None:
    """Look for a module folder by folder: asking importlib would import its packages."""
    if _spec(name.partition(".")[0]) is None:
        raise UnrunnableError(f"no module named {name!r}")
    spec = _spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _spec(f"{name}.__main__")
    return spec.origin if spec is not None and spec.has_location else None


def _spec(name: str) -> ModuleSpec | None:
    package = name.rpartition(".")[0]
    if package:
        parent = _spec(package)
        folders = parent.submodule_search_locations if parent is not None else None
        if folders is None:
            return None
    else:
        folders = sys.path if sys.flags.safe_path else [os.getcwd(), *sys.path[1:]]
    found = PathFinder.find_spec(name, folders)
    others = (finder.find_spec for finder in sys.meta_path if finder is not PathFinder)
    return found or next((spec for look in others if (spec := look(name, folders, None))), None)


def _script(name: str) -> _Loaded:
    path = _absolute(name)
    if _holds_main(path):
        spec = PathFinder.find_spec("__main__", [path])
        if spec is None or spec.loader is None:
            raise UnrunnableError(f"{name}: has no __main__.py")
        code = spec.loader.get_code("__main__")  # type: ignore[attr-defined]
        return _Loaded(code, spec, str(spec.origin), spec.loader)
    if path.endswith(".pyc"):
        compiled = SourcelessFileLoader("__main__", path)
        return _Loaded(_compiled(compiled, name), None, path, compiled)
    loader = SourceFileLoader("__main__", path)
    code = compile(_data(loader, name), path, "exec", dont_inherit=True)
    return _Loaded(code, None, path, loader)


def _compiled(loader: SourcelessFileLoader, name: str) -> types.CodeType:
    try:
        code = loader.get_code("__main__")
    except ImportError as error:
        raise UnrunnableError(f"{name}: {error}") from error
    if code is None:
        raise AssertionError("unreachable: a loader of compiled files has code")
    return code


def _data(loader: SourceFileLoader, name: str) -> bytes:
    try:
        return loader.get_data(loader.path)
    except OSError as error:
        raise UnrunnableError(f"{name}: {error.strerror}") from error


def _module(name: str) -> _Loaded:
    # the way of pdb: the search imports packages, and says and warns exactly what `python -m` does
    _, spec, code = runpy._get_module_details(name, UnrunnableError)  # type: ignore[attr-defined]
    return _Loaded(code, spec, spec.origin, spec.loader)


def _main(loaded: _Loaded) -> types.ModuleType:
    """An empty main module with the attributes that Python gives it."""
    main = types.ModuleType("__main__")
    spec = loaded.spec
    if "__annotations__" in vars(sys.modules["__main__"]):
        main.__annotations__ = {}
    main.__dict__.update(
        __package__=spec.parent if spec else None,
        __loader__=loaded.loader,
        __spec__=spec,
        __builtins__=sys.modules["builtins"],
        __file__=loaded.file,
        __cached__=spec.cached if spec else None,
    )
    return main
