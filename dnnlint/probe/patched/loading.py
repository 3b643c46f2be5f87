"""DataLoaders: where they are made, passes over them, and the batches that they give."""

import contextlib
import functools
import weakref
from typing import Any

from torch.utils.data import DataLoader
from torch.utils.data import dataloader as loaders

from dnnlint.probe.guard import Guard
from dnnlint.probe.patches import Patches, hidden
from dnnlint.probe.sites import take
from dnnlint.probe.watcher import Watcher

Passes = weakref.WeakKeyDictionary[Any, list[int]]  # by iterator: loader, pass, batches given


def patch(patches: Patches, watcher: Watcher, guard: Guard) -> None:
    """Hear of them."""
    passes: Passes = weakref.WeakKeyDictionary()
    patches.replace(DataLoader, "__init__", lambda original: _init(original, watcher, guard))
    patches.replace(DataLoader, "__iter__", lambda original: _iter(original, watcher, guard, passes))
    patches.replace(loaders._BaseDataLoaderIter, "__next__", lambda original: _next(original, watcher, guard, passes))


def _init(original: Any, watcher: Watcher, guard: Guard) -> Any:
    note = guard.guarded(lambda loader: watcher.stage.loaders.built(loader, take(3, maker_of=loader)))

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if watcher.here:
            note(self)

    return hidden(init)


def _iter(original: Any, watcher: Watcher, guard: Guard, passes: Passes) -> Any:
    def begun(loader: Any, iterator: Any) -> None:
        with contextlib.suppress(TypeError):  # an iterator of the user's own that takes no weak references
            passes[iterator] = [*watcher.stage.loaders.iterated(loader), 0]

    note = guard.guarded(begun)

    @functools.wraps(original)
    def begin(self: Any) -> Any:
        iterator = original(self)
        if watcher.here:
            note(self, iterator)
        return iterator

    return hidden(begin)


def _next(original: Any, watcher: Watcher, guard: Guard, passes: Passes) -> Any:
    hear = guard.guarded(watcher.batch)

    @functools.wraps(original)
    def following(self: Any) -> Any:
        data = original(self)
        if watcher.here:
            place = passes.get(self)
            if place is not None:
                hear(*place, data)
                place[2] += 1
        return data

    return hidden(following)
