"""Hooks and patches: put on when the watching begins, and gone without a trace when it ends.

Only torch's global hooks are used: hooks of single modules would be copied with them, saved with them and compiled
into them. Patches replace attributes of classes and of torch's own modules that torch looks up at each call, so that
names that a script imported before or after are reached alike.
"""

import contextlib
import functools
import os
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge
from torch.optim import Optimizer
from torch.utils.data import DataLoader
from torch.utils.data import dataloader as loaders

from dnnlint.probe.eager import Eager
from dnnlint.probe.graph import number
from dnnlint.probe.handles import Hooks
from dnnlint.probe.losses import LOSSES, LossFunction
from dnnlint.probe.patches import Patches, hidden
from dnnlint.probe.sites import take
from dnnlint.probe.stage import plain, tensors_in
from dnnlint.probe.watcher import Watcher, unmeasurable


class Attachment:
    """Everything that is attached to torch for one watcher."""

    def __init__(self, watcher: Watcher, failed: Callable[[BaseException], None]) -> None:
        self.watcher = watcher
        self._failed = failed
        self._patches = Patches()
        self._hooks: Hooks | None = None
        self._eager: Eager | None = None
        self._builtins: list[int] = []
        self._scaled: dict[int, Any] = {}  # scaler by number of a scaled loss's node, until the next backward pass
        self.attached = False

    def attach(self) -> None:
        """Put on all hooks and patches."""
        self.attached = True
        watcher = self.watcher
        self._hooks = Hooks(
            self._guarded(watcher.before_forward),
            self._guarded(watcher.after_forward),
            self._guarded(self._before_step),
            self._guarded(watcher.after_step),
        )
        self._hooks.hide(self._patches)
        self._patch_construction()
        self._patch_order()
        self._patch_scaler()
        self._patch_loaders()
        self._patch_draws()
        for function in LOSSES:
            self._patch_loss(function)
        self._eager = Eager(self._patches)
        _attached.add(self)

    def detach(self) -> None:
        """Take everything off again; may be called at any time and more than once."""
        if not self.attached:
            return
        self.attached = self.watcher.on = False
        self._patches.restore()
        if self._hooks is not None:
            self._hooks.remove()
        table = _builtin_table() if self._builtins else {}
        for identity in self._builtins:
            table.pop(identity, None)
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
        self.watcher.before_step(optimizer, args, kwargs)

    # How a call of ours is kept from disturbing the run

    def _guarded(self, hook: Callable[..., object]) -> Callable[..., None]:
        failed = self._failed

        def guarded(*arguments: Any) -> None:
            try:
                hook(*arguments)
            except Exception as error:  # whatever goes wrong in here must not reach the user's training
                failed(error)

        return guarded

    @contextlib.contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            with torch.no_grad():
                yield
        except Exception as error:
            self._failed(error)

    # Construction

    def _patch_construction(self) -> None:
        watcher, layers = self.watcher, self.watcher.stage.layers
        note = self._guarded(layers.construct)
        made = self._guarded(lambda optimizer: watcher.stage.stepper(optimizer, take(3, maker_of=optimizer)))

        def module_init(original: Any) -> Any:
            @functools.wraps(original)
            def init(self: nn.Module, *args: Any, **kwargs: Any) -> None:
                if watcher.here:
                    note(self)
                original(self, *args, **kwargs)

            return hidden(init)

        def optimizer_init(original: Any) -> Any:
            @functools.wraps(original)
            def init(self: Optimizer, *args: Any, **kwargs: Any) -> None:
                original(self, *args, **kwargs)
                if watcher.here:
                    made(self)

            return hidden(init)

        self._patches.replace(nn.Module, "__init__", module_init)
        self._patches.replace(Optimizer, "__init__", optimizer_init)
        self._patches.replace(nn.Module, "load_state_dict", self._before(self._resumed))

    def _resumed(self, *_: Any) -> None:
        self.watcher.stage.resumed = True

    def _before(self, hear: Callable[..., None]) -> Callable[[Any], Any]:
        """A patch that tells of a call before it is made."""
        watcher, hear = self.watcher, self._guarded(hear)

        def make(original: Any) -> Any:
            @functools.wraps(original)
            def patched(*args: Any, **kwargs: Any) -> Any:
                if watcher.here:
                    hear(*args)
                return original(*args, **kwargs)

            return hidden(patched)

        return make

    def _patch_draws(self) -> None:
        """Who initialises a weight: the in-place methods that every way to do it ends in."""
        watcher, draws = self.watcher, self.watcher.stage.draws

        def note(tensor: Any, *_: Any) -> None:
            if plain(tensor) and tensor.dim() > 1 and watcher.stage.step == 0 and not unmeasurable():
                draws[tensor.data_ptr()] = take(2, unless="reset_parameters")

        for name in ("normal_", "uniform_", "fill_", "zero_", "trunc_normal_"):
            if hasattr(Tensor, name):
                self._patches.replace(Tensor, name, self._before(note))

    # Order of a step

    def _patch_order(self) -> None:
        watcher, patches = self.watcher, self._patches

        def silently(kind: str, about: Callable[[Any], Any]) -> Callable[[Any], Any]:
            """Tell of a call, and not of the calls that it makes itself."""
            tell = self._guarded(lambda owner: watcher.event(kind, take(3), about(owner)))

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

        patches.replace(torch.autograd, "backward", self._backward)
        patches.replace(Optimizer, "zero_grad", silently("zero_grad", watcher.stage.stepper))
        patches.replace(nn.Module, "zero_grad", silently("zero_grad", lambda _: None))
        patches.replace(nn.Module, "train", self._mode)
        clipping = torch.nn.utils.clip_grad
        within = "_clip_grads_with_norm_" if hasattr(clipping, "_clip_grads_with_norm_") else "clip_grad_norm_"
        patches.replace(clipping, within, silently("clip", lambda _: None))
        patches.replace(torch.nn.utils, "clip_grad_value_", silently("clip", lambda _: None))
        for schedule in (torch.optim.lr_scheduler.LRScheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            patches.replace(schedule, "step", silently("scheduler", lambda _: None))

    def _mode(self, original: Any) -> Any:
        watcher = self.watcher
        tell = self._guarded(lambda mode: watcher.event("train" if mode else "eval", take(3), None))

        @functools.wraps(original)
        def train(self: nn.Module, mode: bool = True) -> Any:
            if not watcher.here:
                return original(self, mode)
            watcher.mode(self, mode)
            tell(mode)
            watcher.silent += 1
            try:
                return original(self, mode)
            finally:
                watcher.silent -= 1

        return hidden(train)

    def _backward(self, original: Any) -> Any:
        watcher = self.watcher

        @functools.wraps(original)
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if not watcher.here or torch._C._current_graph_task_id() != -1:  # a pass within a pass recomputes
                return original(tensors, *args, **kwargs)  # type: ignore[no-any-return]
            heard = None
            tensors = (tensors,) if isinstance(tensors, (Tensor, GradientEdge)) else tuple(tensors)
            with self._ours():
                roots = tuple(root for root in tensors if isinstance(root, Tensor))  # the others are bare edges
                heard = watcher.backward(roots, self._scale_of(roots))
            try:
                original(tensors, *args, **kwargs)
            finally:  # a pass that fails is told as well, and its graph let go
                self._scaled.clear()
                if heard is not None:
                    with self._ours():
                        watcher.backward_over(heard)
            return None

        return hidden(backward)

    # Gradient scaling

    def _patch_scaler(self) -> None:
        watcher = self.watcher

        def note(result: Any, scaler: Any) -> None:
            self._scaled.update((number(one.grad_fn), scaler) for one in tensors_in(result) if one.grad_fn is not None)

        def scale(original: Any) -> Any:
            hear = self._guarded(note)

            @functools.wraps(original)
            def patched(self: Any, outputs: Any) -> Any:
                result = original(self, outputs)
                if watcher.here and self.is_enabled():
                    hear(result, self)
                return result

            return hidden(patched)

        self._patches.replace(torch.amp.GradScaler, "scale", scale)
        unscale = self._guarded(
            lambda _, optimizer, *rest: watcher.event("unscale", take(3), watcher.stage.stepper(optimizer))
        )
        self._patches.replace(torch.amp.GradScaler, "unscale_", self._before(unscale))
        self._patches.replace(torch.amp.GradScaler, "step", self._scaler_step)

    def _scale_of(self, roots: tuple[Tensor, ...]) -> Tensor | None:
        """The factor that a loss was scaled with, or the terms of a sum were."""
        nodes = [root.grad_fn for root in roots if root.grad_fn is not None]
        terms = [below for node in nodes for below, _ in node.next_functions if below is not None]
        scalers = (self._scaled.get(number(node)) for node in (*nodes, *terms))
        return getattr(next((scaler for scaler in scalers if scaler is not None), None), "_scale", None)

    def _scaler_step(self, original: Any) -> Any:
        watcher = self.watcher

        @functools.wraps(original)
        def step(self: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
            if not (watcher.here and self.is_enabled() and isinstance(optimizer, Optimizer)):
                return original(self, optimizer, *args, **kwargs)
            stepper = watcher.stage.stepper(optimizer)
            before = stepper.steps
            result = original(self, optimizer, *args, **kwargs)
            if stepper.steps == before:
                watcher.event("overflow", None, stepper)
            return result

        return hidden(step)

    # Data

    def _patch_loaders(self) -> None:
        watcher = self.watcher
        passes: weakref.WeakKeyDictionary[Any, list[int]] = weakref.WeakKeyDictionary()  # loader, pass, batches given

        def loader_init(original: Any) -> Any:
            note = self._guarded(lambda loader: watcher.loaders.built(loader, take(3, maker_of=loader)))

            @functools.wraps(original)
            def init(self: Any, *args: Any, **kwargs: Any) -> None:
                original(self, *args, **kwargs)
                if watcher.here:
                    note(self)

            return hidden(init)

        def begun(loader: Any, iterator: Any) -> None:
            with contextlib.suppress(TypeError):  # an iterator of the user's own that takes no weak references
                passes[iterator] = [*watcher.loaders.iterated(loader), 0]

        def loader_iter(original: Any) -> Any:
            note = self._guarded(begun)

            @functools.wraps(original)
            def begin(self: Any) -> Any:
                iterator = original(self)
                if watcher.here:
                    note(self, iterator)
                return iterator

            return hidden(begin)

        def loader_next(original: Any) -> Any:
            hear = self._guarded(watcher.batch)

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

        self._patches.replace(DataLoader, "__init__", loader_init)
        self._patches.replace(DataLoader, "__iter__", loader_iter)
        self._patches.replace(loaders._BaseDataLoaderIter, "__next__", loader_next)

    # Losses

    def _patch_loss(self, function: LossFunction) -> None:
        owner = function.owner()
        if not hasattr(owner, function.name):  # another version of torch
            return
        original = getattr(owner, function.name)
        patched = self._patches.replace(owner, function.name, lambda original: self._loss(original, function))
        operation = _builtin_table().get(id(original))
        if operation is not None:  # TorchScript knows builtins by identity
            _builtin_table()[id(patched)] = operation
            self._builtins.append(id(patched))

    def _loss(self, original: Any, function: LossFunction) -> Any:
        watcher = self.watcher

        def loss(*args: Any, **kwargs: Any) -> Any:
            if not watcher.here or watcher.ignoring or unmeasurable():
                return original(*args, **kwargs)
            caller = sys._getframe(1)
            result = None
            try:
                result = original(*args, **kwargs)
            finally:  # a call that fails is told as well
                with self._ours():
                    given, target, options = function.read(args, kwargs)
                    if isinstance(given, Tensor) and isinstance(target, Tensor):
                        watcher.loss(function, given, target, result, options, caller)
            return result

        loss.__name__ = function.name
        return hidden(loss)


def _builtin_table() -> dict[int, str]:
    """What TorchScript takes for operations of its own, by identity."""
    table: dict[int, str] = torch.jit._builtins._get_builtin_table()  # type: ignore[no-untyped-call]
    return table


def _detach_in_child() -> None:
    """A forked child is not watched."""
    for attachment in list(_attached):
        attachment.detach()


_attached: weakref.WeakSet[Attachment] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):  # wherever there is a fork
    os.register_at_fork(after_in_child=_detach_in_child)
