"""Project modules: found on disk from the script's folder and the linted roots, read once, run once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dnnlint.script.code import Lazy, Module
from dnnlint.script.values import Const, Ext, Obj, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from dnnlint.script.interpreter import Interpreter

_LIBRARIES = frozenset({"torch", "numpy", "sklearn", "transformers", "timm", "torchvision", "lightning", "os", "sys"})


class Project:
    """Resolves imports to project modules, and everything else to names of libraries."""

    def __init__(self, roots: list[str], load: Callable[[str], Any]) -> None:
        self.roots = roots
        self.load = load  # path -> Program, or None if it cannot be read
        self.modules: dict[str, Module | None] = {}
        self.found: dict[tuple[str, str], str | None] = {}
        self.asked: dict[str, dict[tuple[str, str], None]] = {}  # what each file looked for, as base and dotted name

    def resolve(self, run: Interpreter, lazy: Lazy) -> Value:
        """What an imported name stands for."""
        module = self.module(run, lazy.origin, lazy.level, lazy.module)
        if lazy.name is None:
            return module if module is not None else Ext(lazy.module)
        if module is None:
            if lazy.level:
                return Obj("opaque", name=lazy.name)
            return Ext(f"{lazy.module}.{lazy.name}")
        value = module.names.get(lazy.name)
        if type(value) is Lazy:
            if value is lazy:
                return Obj("opaque", name=lazy.name)
            value = module.names[lazy.name] = self.resolve(run, value)
        if value is not None:
            return value  # type: ignore[no-any-return]
        return self.submodule(run, module, lazy.name)

    def submodule(self, run: Interpreter, module: Module, name: str) -> Value:
        """``package.name`` where the package does not bind the name itself."""
        if os.path.basename(module.path) == "__init__.py":
            found = self.find(module, os.path.dirname(module.path), name)
            if found is not None:
                made = self.open(run, found, f"{module.dotted}.{name}")
                if made is not None:
                    return made
        value = Obj("opaque", name=name)
        module.names[name] = value
        return value

    def module(self, run: Interpreter, origin: Module, level: int, dotted: str) -> Module | None:
        """The project module of an import, run; None if it is none of the project."""
        if not level and dotted.partition(".")[0] in _LIBRARIES:
            return None
        path = self.locate(origin, level, dotted)
        return self.open(run, path, dotted) if path is not None else None

    def locate(self, origin: Module, level: int, dotted: str) -> str | None:
        """The file that an import means; None if the project has none."""
        folder = os.path.dirname(origin.path)
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            return self.find(origin, folder, dotted)
        for base in self.bases(folder):
            path = self.find(origin, base, dotted)
            if path is not None:
                return path
        return None

    def bases(self, folder: str) -> list[str]:
        """Folders an absolute import may start from: the script's, its parents up to the root, the linted roots."""
        found = [folder]
        current = folder
        for _ in range(5):
            parent = os.path.dirname(current)
            if parent == current or not any(
                (parent + os.sep).startswith(root.rstrip(os.sep) + os.sep) for root in self.roots
            ):
                break
            found.append(parent)
            current = parent
        return [*found, *[root for root in self.roots if root not in found]]

    def find(self, origin: Module, base: str, dotted: str) -> str | None:
        """The file of a module below a folder."""
        key = (base, dotted)
        self.asked.setdefault(origin.path, {})[key] = None
        if key not in self.found:
            self.found[key] = next(filter(os.path.isfile, _candidates(*key)), None)
        return self.found[key]

    def inputs(self, path: str) -> dict[str, bool]:
        """Files that were looked up for a file and for all that it imports, and whether they are there."""
        inputs: dict[str, bool] = {}
        waiting, seen = [path], {path}
        while waiting:
            for key in self.asked.get(waiting.pop(), ()):
                found = self.found[key]
                for candidate in _candidates(*key):
                    inputs[candidate] = candidate == found
                    if candidate == found:
                        break
                if found is not None and found not in seen:
                    seen.add(found)
                    waiting.append(found)
        return inputs

    def open(self, run: Interpreter, path: str, dotted: str) -> Module | None:
        """Load and run a module; an import cycle sees it half run, as in Python."""
        if path in self.modules:
            return self.modules[path]
        program = self.load(path)
        if program is None:
            self.modules[path] = None
            return None
        module = Module(path, dotted, program)
        module.names["__name__"] = Const(dotted or "module")
        self.modules[path] = module
        run.isolated(module)
        return module


def _candidates(base: str, dotted: str) -> tuple[str, str]:
    stem = os.path.join(base, *dotted.split(".")) if dotted else base
    return stem + ".py", os.path.join(stem, "__init__.py")
