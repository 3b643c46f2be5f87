"""How a call of ours is kept from disturbing the run."""

import functools
from collections.abc import Callable
from typing import Any

import torch

from dnnlint.probe.patches import hidden
from dnnlint.probe.sites import take
from dnnlint.probe.watcher import Watcher

_set_gradients = torch._C._set_grad_enabled


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

    def without_gradients(self, hook: Callable[..., Any]) -> Callable[..., Any]:
        """The same for one that works on tensors; gives what it returns, and None if it fails."""
        failed = self._failed

        def guarded(*arguments: Any) -> Any:
            before = torch.is_grad_enabled()
            _set_gradients(False)
            try:
                return hook(*arguments)
            except Exception as error:
                return failed(error)
            finally:
                _set_gradients(before)

        return guarded

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
        failed = self._failed

        def make(original: Any) -> Any:
            @functools.wraps(original)
            def patched(*args: Any, **kwargs: Any) -> Any:
                if not watcher.here:
                    return original(*args, **kwargs)
                try:
                    watcher.event(kind, take(2), about(args[0] if args else None))
                except Exception as error:
                    failed(error)
                watcher.silent += 1
                try:
                    return original(*args, **kwargs)
                finally:
                    watcher.silent -= 1

            return hidden(patched)

        return make
