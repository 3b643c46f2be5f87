"""Runs what is compiled as it was written while a run is watched: hooks see all, and nothing is compiled for us."""

import functools
import sys
from typing import Any

import torch

from dnnlint.probe.patches import Patches, hidden


class Eager:
    """The stance of torch's compiler; one that the user takes in the meantime stays."""

    def __init__(self, patches: Patches) -> None:
        self._stance: Any = None
        self._over = False
        if "torch._dynamo" in sys.modules:
            self._begin()
        else:  # its import takes seconds, and few scripts compile
            patches.replace(torch, "compile", self._compile)

    def end(self) -> None:
        """Compile again as if nothing had been."""
        self._over = True
        if self._stance is not None and _compiler()._stance is self._stance.stance:
            self._stance.__exit__(None, None, None)

    def _begin(self) -> None:
        self._stance = torch.compiler.set_stance("force_eager")

    def _compile(self, original: Any) -> Any:
        @functools.wraps(original)
        def patched(*args: Any, **kwargs: Any) -> Any:
            if self._stance is None and not self._over:
                self._begin()
            return original(*args, **kwargs)

        return hidden(patched)


def _compiler() -> Any:
    return sys.modules["torch._dynamo.eval_frame"]
