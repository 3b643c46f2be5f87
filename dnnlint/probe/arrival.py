"""Calls a function as soon as torch has been imported, which is the script's to do.

We never import torch first: environment variables that the script sets before its own import have to count.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader  # drags in half of the standard library

Greet = Callable[[], object]
TORCH = "torch"


def when_torch_arrives(greet: Greet) -> None:
    """Call a function once, right after the first import of torch, or at once if that has been."""
    if sys.modules.get(TORCH) is not None:
        greet()
    else:
        sys.meta_path.insert(0, _Lookout(greet))


class _Lookout:
    """Finds nothing itself: it has the other finders find torch, and stands in for its loader."""

    def __init__(self, greet: Greet) -> None:
        self._greet = greet
        self._looking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != TORCH or self._looking:
            return None
        self._looking = True
        try:
            spec = find_spec(TORCH)
        finally:
            self._looking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Escort(spec.loader, self._arrived)  # type: ignore[assignment]  # it has what is called
        return spec

    def _arrived(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        self._greet()


class _Escort:
    """Loads torch by its own loader, which is back in its place before any code of torch's runs."""

    def __init__(self, loader: "Loader", arrived: Callable[[], None]) -> None:
        self._loader = loader
        self._arrived = arrived

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)  # whoever asks for torch's spec without importing it

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._arrived()
