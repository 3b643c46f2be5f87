"""Hooks and patches: put on when the watching begins, and gone without a trace when it ends.

Only torch's global hooks are used: hooks of single modules would be copied with them, saved with them and compiled
into them. Patches replace attributes of classes and of torch's own modules that torch looks up at each call, so that
names that a script imported before or after are reached alike.
"""

import os
import weakref
from collections.abc import Callable
from typing import Any

from torch.optim import Optimizer

from dnnlint.probe.eager import Eager
from dnnlint.probe.guard import Guard
from dnnlint.probe.handles import Hooks
from dnnlint.probe.patched import backward, construction, loading, order, scaling, softmax, tracebacks
from dnnlint.probe.patched.losscalls import LossCalls
from dnnlint.probe.patches import Patches
from dnnlint.probe.watcher import Watcher


class Attachment:
    """Everything that is attached to torch for one watcher."""

    def __init__(self, watcher: Watcher, failed: Callable[[BaseException], None]) -> None:
        self.watcher = watcher
        self._guard = Guard(watcher, failed)
        self._patches = Patches()
        self._hooks: Hooks | None = None
        self._eager: Eager | None = None
        self._losses: LossCalls | None = None
        self.attached = False

    def attach(self) -> None:
        """Put on all hooks and patches."""
        self.attached = True
        watcher, guard, patches = self.watcher, self._guard, self._patches
        self._hooks = Hooks(
            guard.guarded(watcher.forwards.before),
            guard.guarded(watcher.forwards.after),
            guard.without_gradients(self._before_step),
            guard.without_gradients(watcher.steps.after),
        )
        self._hooks.hide(patches)
        scaled = scaling.Scaled()
        construction.patch(patches, watcher, guard)
        order.patch(patches, watcher, guard)
        backward.patch(patches, watcher, guard, scaled)
        scaling.patch(patches, watcher, guard, scaled)
        loading.patch(patches, watcher, guard)
        softmax.patch(patches)
        tracebacks.patch(patches)
        self._losses = LossCalls(patches, watcher, guard)
        self._eager = Eager(patches)
        _attached.add(self)

    def detach(self) -> None:
        """Take everything off again; may be called at any time and more than once."""
        if not self.attached:
            return
        self.attached = self.watcher.on = False
        self._patches.restore()
        if self._hooks is not None:
            self._hooks.remove()
        if self._losses is not None:
            self._losses.forget()
        self.watcher.stage.lines.stop()
        if self._eager is not None:
            self._eager.end()
        self.watcher.let_go()

    @property
    def detachable(self) -> bool:
        """Whether hooks may be taken off now, while an optimiser calls its post-hooks."""
        return self._hooks is None or self._hooks.removable

    def _before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if self._hooks is not None:
            self._hooks.come_last()
        self.watcher.steps.before(optimizer, args, kwargs)


def _detach_in_child() -> None:
    """A forked child is not watched."""
    for attachment in list(_attached):
        attachment.detach()


_attached: weakref.WeakSet[Attachment] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):  # wherever there is a fork
    os.register_at_fork(after_in_child=_detach_in_child)
