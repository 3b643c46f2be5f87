"""How a call of ours is kept from disturbing the run."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch

from dnnlint.probe.patches import hidden
from dnnlint.probe.sites import take
from dnnlint.probe.watcher import Watcher


class Guard:
    """Stands between torch and the watcher: whatever goes wrong in there must not reach the user's training."""

    def __init__(self, watcher: Watcher, failed: Callable[[BaseException], None]) -> None:
        self._watcher = watcher
        self._failed = failed

    def guarded(self, hook: Callable[..., object]) -> Callable[..., None]:
        """A function that may fail without anybody noticing."""
        failed = self._failed

        def guarded(*arguments: Any) -> None:
            try:
                hook(*arguments)
            except Exception as error:
                failed(error)

        return guarded

    @contextlib.contextmanager
    def ours(self) -> Iterator[None]:
        """A block that may fail."""
        try:
            with torch.no_grad():
                yield
        except Exception as error:
            self._failed(error)

    def before(self, hear: Callable[..., None]) -> Callable[[Any], Any]:
        """A patch that tells of a call before it is made."""
        watcher, hear = self._watcher, self.guarded(hear)

        def make(original: Any) -> Any:
            @functools.wraps(original)
            def patched(*args: Any, **kwargs: Any) -> Any:
                if watcher.here:
                    hear(*args)
                return original(*args, **kwargs)

            return hidden(patched)

        return make

    def silently(self, kind: str, about: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A patch that tells of a call, and not of the calls that it makes itself."""
        watcher = self._watcher
        tell = self.guarded(lambda owner: watcher.event(kind, take(3), about(owner)))

        def make(original: Any) -> Any:
            @functools.wraps(original)
            def patched(*args: Any, **kwargs: Any) -> Any:
                if not watcher.here:
                    return original(*args, **kwargs)
                tell(args[0] if args else None)
                watcher.silent += 1
                try:
                    return original(*args, **kwargs)
                finally:
                    watcher.silent -= 1

            return hidden(patched)

        return make
