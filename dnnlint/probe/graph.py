"""The autograd graph of one backward pass, read just before it runs.

It tells, without any patch, what the modules' hooks cannot: which functions were called between the layers
(``F.relu``, ``torch.sigmoid``), what feeds them, what the loss was computed from, and which parameters are reached.
"""

from collections.abc import Container, Iterable
from typing import Any

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
        self.seen: set[Any] = set()
        self.numbers: frozenset[int] = frozenset()  # sequence numbers of the nodes
        self.consumers: dict[Any, list[Any]] = {}
        self.leaves: list[Any] = []  # AccumulateGrad nodes
        self.complete = True
        self._read([node for node in roots if node is not None])
        self.numbers = frozenset(map(number, self.nodes))

    def _read(self, frontier: list[Any]) -> None:
        self.seen.update(frontier)
        while frontier:
            self.nodes += frontier
            if len(self.nodes) > _LIMIT:
                self.complete = False
                return
            following = []
            for node in frontier:
                for below, _ in node.next_functions:
                    if below is None:
                        continue
                    self.consumers.setdefault(below, []).append(node)
                    if below not in self.seen:
                        self.seen.add(below)
                        if hasattr(below, "variable"):
                            self.leaves.append(below)
                        else:
                            following.append(below)
            frontier = following


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
