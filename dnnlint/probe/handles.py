"""The global hooks of torch that tell of forward passes and optimisers' steps."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from torch.nn.modules import module as modules
from torch.optim import optimizer as optimizers
from torch.utils.hooks import RemovableHandle

from dnnlint.probe.patches import Patches

_first = -1_000_000  # numbers of our hooks count up from here; torch's own count from 0


class Hooks:
    """Four hooks, from their making until ``remove``."""

    def __init__(
        self,
        before_forward: Callable[..., None],
        after_forward: Callable[..., None],
        before_step: Callable[..., None],
        after_step: Callable[..., None],
    ) -> None:
        with _numbered_apart():
            self._handles: list[Any] = [
                modules.register_module_forward_pre_hook(before_forward),
                modules.register_module_forward_hook(after_forward, with_kwargs=True, always_call=True),
                optimizers.register_optimizer_step_pre_hook(before_step),
                optimizers.register_optimizer_step_post_hook(after_step),
            ]
        self._after_step = self._handles[3].id

    @staticmethod
    def hide(patches: Patches) -> None:
        """Torch warns of compiled modules that meet global hooks: let it see only those of the user."""
        if hasattr(modules, "_has_any_global_hook"):
            patches.replace(modules, "_has_any_global_hook", lambda _: _has_hooks_of_others)

    def remove(self) -> None:
        """Take them off; torch forgets to take one of its own notes of them away."""
        for handle in self._handles:
            handle.remove()
            modules._global_forward_hooks_with_kwargs.pop(handle.id, None)

    @property
    def removable(self) -> bool:
        """Whether the optimiser's post-hooks, which are being called, may lose ours now: it is the last of them."""
        hooks: Any = optimizers._global_optimizer_post_hooks
        return not hooks or bool(next(reversed(hooks)) == self._after_step)

    def come_last(self) -> None:
        """Be called after all other post-hooks, from the step on that is about to begin."""
        if not self.removable:
            hooks: Any = optimizers._global_optimizer_post_hooks
            hooks.move_to_end(self._after_step)


def _has_hooks_of_others() -> bool:
    tables = (value for name, value in vars(modules).items() if name.startswith("_global_") and isinstance(value, dict))
    return any(number >= 0 for table in tables for number in table)


@contextlib.contextmanager
def _numbered_apart() -> Iterator[None]:
    """Leave torch's count of hooks alone: the numbers of the user's own are saved with a model."""
    global _first
    count = RemovableHandle.next_id
    RemovableHandle.next_id = _first
    try:
        yield
    finally:
        _first, RemovableHandle.next_id = RemovableHandle.next_id, count
