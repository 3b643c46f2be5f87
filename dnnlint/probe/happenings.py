"""What happens in a run, as the channels hear of it while it happens.

These objects hold live tensors and modules; they are dropped when a step is over and never leave the runtime wing.
"""

import weakref
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from dnnlint.probe.sites import Mark


@dataclass(eq=False, slots=True)
class Call:
    """One call of an outermost module, from its begin to the end of what comes of it."""

    root: nn.Module
    called: Mark | None
    step: int
    training: bool
    grad: bool
    args: tuple[Any, ...]
    loader: int | None  # number of the loader whose batch was fetched last
    number: int
    iteration: int | None = None  # which pass over the loader, from 0
    position: int | None = None  # which batch of the pass, from 0
    backward: bool = False  # a backward pass came from it
    outputs: tuple[int, ...] = ()  # numbers of the autograd nodes of its outputs
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Loss:
    """One call of a loss function of torch."""

    number: int
    kind: str
    called: Mark | None
    step: int
    options: dict[str, Any]  # "reduction", "weight", "label_smoothing", "ignore_index", "pos_weight"
    input_shape: tuple[int, ...]  # before broadcasting
    target_shape: tuple[int, ...]
    input_dtype: str
    target_dtype: str
    node: int | None  # number of the result's autograd node
    trains: bool = False
    input_op: str = "unknown"
    input_layer: nn.Module | None = None
    input_node: int | None = None  # number of the autograd node that computed the input

    @property
    def classes(self) -> int | None:
        """Size of the class axis, the second one, of cross-entropy and its kin."""
        if self.kind not in ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss") or not self.input_shape:
            return None
        return self.input_shape[1 if len(self.input_shape) > 1 else 0]

    @property
    def by_index(self) -> bool:
        """Whether the targets are class indices."""
        return self.classes is not None and not self.target_dtype.startswith(("float", "bfloat"))


@dataclass(eq=False, slots=True)
class Backward:
    """One backward pass."""

    called: Mark | None
    step: int
    roots: tuple[Tensor, ...]
    scale: Tensor | None  # factor of the gradient scaler that the loss was multiplied with


@dataclass(eq=False, slots=True)
class Stepper:
    """One optimiser that was constructed or stepped."""

    number: int
    optimizer: "weakref.ref[Optimizer]"
    kind: str
    built: Mark | None
    steps: int = 0
    rates: list[float] = field(default_factory=list)
    weight_decay: float = 0.0
    base_rate: float | None = None
    closure: bool = False  # the step that runs calls the backward pass itself, as LBFGS does

    def parameters(self) -> list[Tensor]:
        """All parameters that it holds now."""
        optimizer = self.optimizer()
        if optimizer is None:
            return []
        return [parameter for group in optimizer.param_groups for parameter in group["params"]]


@dataclass(eq=False, slots=True)
class Batch:
    """One batch that a DataLoader gave."""

    loader: int
    iteration: int  # which pass over the loader, from 0
    position: int  # which batch of the pass, from 0
    data: Any
