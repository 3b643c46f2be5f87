"""Where modules and optimisers are built, and who initialises weights."""

import functools
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from dnnlint.probe.guard import Guard
from dnnlint.probe.measurable import unmeasurable
from dnnlint.probe.patches import Patches, hidden
from dnnlint.probe.sites import take
from dnnlint.probe.stage import plain
from dnnlint.probe.watcher import Watcher

_DRAWS = ("normal_", "uniform_", "fill_", "zero_", "trunc_normal_")  # what every way to initialise ends in


def patch(patches: Patches, watcher: Watcher, guard: Guard) -> None:
    """Hear of constructors, of states that are loaded, and of the first values of weights."""
    patches.replace(nn.Module, "__init__", lambda original: _module_init(original, watcher, guard))
    patches.replace(Optimizer, "__init__", lambda original: _optimizer_init(original, watcher, guard))
    patches.replace(nn.Module, "load_state_dict", guard.before(lambda *_: setattr(watcher.stage, "resumed", True)))
    draws = watcher.stage.draws

    def note(tensor: Any, *_: Any) -> None:
        if plain(tensor) and tensor.dim() > 1 and watcher.stage.step == 0 and not unmeasurable():
            draws[tensor.data_ptr()] = take(2, unless="reset_parameters")

    for name in _DRAWS:
        if hasattr(Tensor, name):
            patches.replace(Tensor, name, guard.before(note))


def _module_init(original: Any, watcher: Watcher, guard: Guard) -> Any:
    note = guard.guarded(watcher.stage.layers.construct)

    @functools.wraps(original)
    def init(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        if watcher.here:
            note(self)
        original(self, *args, **kwargs)

    return hidden(init)


def _optimizer_init(original: Any, watcher: Watcher, guard: Guard) -> Any:
    made = guard.guarded(lambda optimizer: watcher.stage.stepper(optimizer, take(3, maker_of=optimizer)))

    @functools.wraps(original)
    def init(self: Optimizer, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if watcher.here:
            made(self)

    return hidden(init)
