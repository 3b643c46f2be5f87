"""What all channels share: the books about modules, optimisers and loaders, and the board for numbers."""

import weakref
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from dnnlint.diagnostic import Site
from dnnlint.evidence.trace import Layer, OptimizerInfo
from dnnlint.probe.board import Board
from dnnlint.probe.graph import Graph
from dnnlint.probe.happenings import Call, Stepper
from dnnlint.probe.layers import Layers
from dnnlint.probe.oplines import OpLines
from dnnlint.probe.sites import Mark, site


class Stage:
    """The state of one watched run."""

    def __init__(self, script: Site) -> None:
        from dnnlint.probe.book import Book
        from dnnlint.probe.loaders import Loaders

        self.script = script
        self.board = Board()
        self.lines = OpLines()
        self.draws: dict[int, Mark | None] = {}  # by address of a weight: who initialised it last
        self.layers = Layers(script)
        self.steppers: list[Stepper] = []
        self.calls: list[Call] = []  # outermost calls since the last step
        self.producers: dict[int, nn.Module] = {}  # number of an autograd node -> module whose output it made
        self.packed: set[int] = set()  # those of them whose saved tensors are packed: reading them would recompute
        self.graph: Graph | None = None  # of the backward pass that is about to run
        self.step = 0  # steps of the optimiser that stepped most
        self.forwards = 0
        self.backwards = 0
        self.resumed = False
        self.eval_calls: dict[int, Mark | None] = {}  # by module: where eval() was called last, None after train()
        self.book = Book(self)
        self.loaders = Loaders(self)
        self._numbers: dict[int, Stepper] = {}
        self._made: dict[object, Site] = {}  # lines of operations by what their results are used for

    def site(self, mark: Mark | None) -> Site:
        """A position as a line; the script itself where only libraries were on the stack."""
        return site(mark, self.script)

    def layer(self, module: nn.Module) -> Layer:
        """A module as evidence."""
        return self.layers.layer(module)

    def made(self, number: int, module: nn.Module | None, use: object) -> Site | None:
        """The line that an operation comes from: of its call, or where the module that a container calls was built.

        Lines are followed in the first step only: later operations with the same use come from the same line.
        """
        line = self.lines.site(number) or self._made.get(use)
        if line is not None:
            self._made[use] = line
        if module is None or not self.layers.contained(module):
            return line
        return self.layer(module).built

    def stepper(self, optimizer: Optimizer, built: Mark | None = None) -> Stepper:
        """The book entry of an optimiser, made when it is first seen."""
        known = self._numbers.get(id(optimizer))
        if known is not None and known.optimizer() is optimizer:
            return known
        fresh = Stepper(len(self.steppers), weakref.ref(optimizer), type(optimizer).__name__, built)
        self._numbers[id(optimizer)] = fresh
        self.steppers.append(fresh)
        return fresh

    def optimizers(self) -> tuple[OptimizerInfo, ...]:
        """The optimisers as evidence."""
        return tuple(
            OptimizerInfo(
                stepper.number,
                stepper.kind,
                self.site(stepper.built),
                stepper.steps,
                tuple(stepper.rates),
                stepper.weight_decay,
                stepper.base_rate,
            )
            for stepper in self.steppers
        )

    def let_go(self) -> None:
        """Drop everything that keeps networks alive."""
        self.forget_step()
        self.graph = None
        self.book.forget()

    def forget_step(self) -> None:
        """Drop what belongs to the step that is over."""
        self.calls.clear()
        self.producers.clear()
        self.packed.clear()


def plain(tensor: object) -> bool:
    """Whether a value is an ordinary dense tensor with numbers in it that may be read."""
    return type(tensor) in (Tensor, nn.Parameter) and not tensor.is_sparse and tensor.device.type != "meta"  # type: ignore[attr-defined]


def tensors_in(value: object, depth: int = 3) -> list[Tensor]:
    """Tensors in an output: a tensor, or nested tuples, lists, dictionaries, dataclasses and records of them."""
    if isinstance(value, Tensor):
        return [value]
    if depth == 0 or value is None or isinstance(value, str | bytes | int | float):
        return []
    if isinstance(value, dict):
        inner: Any = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    elif hasattr(type(value), "__dataclass_fields__"):
        inner = [getattr(value, field, None) for field in type(value).__dataclass_fields__]  # type: ignore[attr-defined]
    else:
        return []
    return [tensor for item in inner for tensor in tensors_in(item, depth - 1)]


def local(tensor: Tensor) -> Tensor:
    """The part of a tensor that this process holds; a collective would need all of them."""
    to_local = getattr(tensor, "to_local", None)
    return to_local() if to_local is not None and type(tensor) is not Tensor else tensor
