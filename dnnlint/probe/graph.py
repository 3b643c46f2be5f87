"""The autograd graph of one backward pass, read just before it runs.

It tells, without any patch, what the modules' hooks cannot: which functions were called between the layers
(``F.relu``, ``torch.sigmoid``), what feeds them, what the loss was computed from, and which parameters are reached.
"""

from collections.abc import Container, Iterable
from functools import cached_property
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction

from dnnlint.evidence.vocabulary import ACTIVATIONS

_LIMIT = 20_000  # nodes; a pass over more would be felt
OPS = {
    "Relu": "relu",
    "Hardtanh": "hardtanh",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Gelu": "gelu",
    "Silu": "silu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "LogSigmoid": "logsigmoid",
    "Addmm": "linear",
    "Convolution": "conv",
    "NativeBatchNorm": "batchnorm",
    "CudnnBatchNorm": "batchnorm",
    "NativeLayerNorm": "layernorm",
    "NativeGroupNorm": "groupnorm",
    "NativeDropout": "dropout",
    "Embedding": "embedding",
    "Clamp": "clamp",
    "ClampMin": "clamp",
    "Exp": "exp",
    "Mul": "mul",
    "Add": "add",
}
PASSING = frozenset(
    {"View", "Squeeze", "Unsqueeze", "Reshape", "UnsafeView", "Permute", "T", "Transpose", "Expand", "Alias", "Clone",
     "ToCopy", "Slice", "Select", "Flatten", "ViewAs", "ReshapeAlias", "AsStrided"}
)  # fmt: skip
"""Shape changes and copies: the values stay the same."""


class Graph:
    """Nodes between the roots of a backward pass and its leaves."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self.nodes: list[Any] = []  # breadth first from the roots; kept alive, so that their identities hold
        self.numbers: set[int] = set()  # sequence numbers of the nodes
        self.activations: list[tuple[Any, str]] = []  # those of the nodes that are activation functions, and which
        frontier = [node for node in roots if node is not None]
        seen = set(frontier)
        while frontier and len(self.nodes) <= _LIMIT:
            self.nodes += frontier
            frontier = [below for node in frontier for below in self._read(node, seen)]

    def _read(self, node: Any, seen: set[Any]) -> list[Any]:
        """Note one node; returns those below it that were not met before and are no leaves."""
        self.numbers.add(node._sequence_nr())
        activation = _activation(node)
        if activation:
            self.activations.append((node, activation))
        fresh = []
        for below, _ in node.next_functions:
            if below is not None and below not in seen:
                seen.add(below)
                if type(below) is not _LEAF:
                    fresh.append(below)
        return fresh

    @cached_property
    def consumers(self) -> dict[Any, list[Any]]:
        """What takes a node's result."""
        consumers: dict[Any, list[Any]] = {}
        for node in self.nodes:
            for below, _ in node.next_functions:
                if below is not None:
                    consumers.setdefault(below, []).append(node)
        return consumers


_LEAF: type = torch._C._functions.AccumulateGrad  # type: ignore[attr-defined]
_known: dict[type, str] = {}  # activation functions by the type of their nodes, "" for other nodes


def _activation(node: Any) -> str:
    kind = type(node)
    if kind not in _known:
        found = op(node)
        found = found if found in ACTIVATIONS else ""
        if issubclass(kind, BackwardCFunction) or kind.__name__.partition("Backward")[0] != name(node):
            return found  # a type of the user's, or one that stands for several operations
        _known[kind] = found
    return _known[kind]


def number(node: Any) -> int:
    """The node's sequence number: an identity that can be kept without keeping the graph alive."""
    return int(node._sequence_nr())


def name(node: Any) -> str:
    """Name of an operation without the suffix: "Relu" for ReluBackward0."""
    return str(node.name()).partition("Backward")[0]


def op(node: Any) -> str:
    """Operation in the words of the vocabulary; "unknown" where there is none for it."""
    return OPS.get(name(node), "unknown")


def producer(node: Any, known: Container[int] = ()) -> Any:
    """The node that computed a value, behind shape changes and copies; a node with a known number is one."""
    for _ in range(16):
        if node is None or number(node) in known or name(node) not in PASSING:
            return node
        node = _only(node)
    return node


def _only(node: Any) -> Any:
    below = [inner for inner, _ in node.next_functions if inner is not None]
    return below[0] if len(below) == 1 else None
