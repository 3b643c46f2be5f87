"""Who is who among the modules: path, kind, place of construction, order of first calls."""

import math
import weakref
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from dnnlint.diagnostic import Site
from dnnlint.evidence.trace import Layer
from dnnlint.probe.sites import Mark, site, take

_OPS = {
    "Linear": "linear",
    "Bilinear": "bilinear",
    "_ConvNd": "conv",
    "_ConvTransposeNd": "conv_transpose",
    "Embedding": "embedding",
    "EmbeddingBag": "embedding",
    "RNNBase": "recurrent",
    "RNNCellBase": "recurrent",
    "MultiheadAttention": "attention",
    "_NormBase": "batchnorm",
    "_InstanceNorm": "instancenorm",
    "LayerNorm": "layernorm",
    "GroupNorm": "groupnorm",
    "RMSNorm": "rmsnorm",
    "_DropoutNd": "dropout",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "SELU": "selu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Hardtanh": "hardtanh",
    "Hardsigmoid": "hardsigmoid",
    "Softsign": "softsign",
    "Softplus": "softplus",
    "Softmax": "softmax",
    "Softmax2d": "softmax",
    "LogSoftmax": "log_softmax",
    "LogSigmoid": "logsigmoid",
    "_MaxPoolNd": "pool",
    "_AvgPoolNd": "pool",
    "_AdaptiveAvgPoolNd": "pool",
    "Flatten": "flatten",
    "Identity": "identity",
}
_NEVER = 1_000_000  # order of modules that did not run themselves: behind all that did
_WRAPPERS = ("module.", "_orig_mod.", "_fsdp_wrapped_module.")


def op_of(module: nn.Module) -> str:
    """What a module does, in the words of the vocabulary; subclasses of torch's layers count as these."""
    return next((_OPS[kind.__name__] for kind in type(module).__mro__ if kind.__name__ in _OPS), "unknown")


class Entry(NamedTuple):
    """A module that was met, by identity."""

    module: "weakref.ref[nn.Module]"
    path: str
    network: str
    op: str
    leaf: bool
    built: Mark | None
    number: int  # order of meeting


class Layers:
    """The modules of all networks that ran, and where modules were constructed."""

    def __init__(self, fallback: Site) -> None:
        self._fallback = fallback
        self._built: dict[int, tuple[weakref.ref[nn.Module], Mark | None]] = {}
        self._entries: dict[int, Entry] = {}
        self._called: dict[int, int] = {}  # order of first calls
        self._told: dict[int, Layer] = {}

    def construct(self, module: nn.Module) -> None:
        """Note where a module is being constructed; the outermost constructor of it comes first."""
        known = self._built.get(id(module))
        if known is None or known[0]() is not module:
            self._built[id(module)] = weakref.ref(module), take(3, maker_of=module)

    def meet(self, root: nn.Module) -> Entry:
        """Register a network and everything in it, unless it is known already."""
        known = self.find(root)
        if known is not None:
            return known
        inner = unwrapped(root)
        network = type(inner).__name__
        for path, module, built in _walk(inner, self._mark(inner) or self._mark(root), self._mark):
            if self.find(module) is None:
                self._entries[id(module)] = Entry(
                    weakref.ref(module), path, network, op_of(module), _is_leaf(module), built, len(self._entries)
                )
        if self.find(root) is None:
            top = self._entries[id(inner)]
            self._entries[id(root)] = top._replace(module=weakref.ref(root), leaf=False)
        return self._entries[id(root)]

    def is_network(self, root: nn.Module) -> bool:
        """Whether an outermost module has parameters; if so, it and everything in it is met."""
        if self.find(root) is not None:
            return True
        if next(root.parameters(), None) is None:  # a loss, a transform
            return False
        self.meet(root)
        return True

    def find(self, module: nn.Module) -> Entry | None:
        """The entry of a module that was met."""
        entry = self._entries.get(id(module))
        return entry if entry is not None and entry.module() is module else None

    @property
    def count(self) -> int:
        """How many modules were met."""
        return len(self._entries)

    def call(self, module: nn.Module) -> None:
        """Note that a module ran, for the order of first calls."""
        self._called.setdefault(id(module), len(self._called))

    def layer(self, module: nn.Module) -> Layer:
        """A module as evidence."""
        told = self._told.get(id(module))
        entry = self.find(module)
        order = self._called.get(id(module), _NEVER if entry is None else _NEVER + entry.number)
        if told is not None and entry is not None and told.order == order:
            return told
        if entry is None:
            mark = self._mark(module)
            entry = Entry(weakref.ref(module), "", type(module).__name__, op_of(module), False, mark, 0)
        fan_in, units = _fans(module)
        kind = type(module).__name__.removeprefix("FSDP")
        layer = Layer(
            entry.path, kind, entry.op, site(entry.built, self._fallback), entry.network, order, fan_in, units
        )
        self._told[id(module)] = layer
        return layer

    def modules(self) -> Iterator[tuple[nn.Module, Entry]]:
        """All modules that were met and still live."""
        for entry in list(self._entries.values()):
            module = entry.module()
            if module is not None:
                yield module, entry

    def _mark(self, module: nn.Module) -> Mark | None:
        reference, mark = self._built.get(id(module), (None, None))
        return mark if reference is not None and reference() is module else None


def unwrapped(root: nn.Module) -> nn.Module:
    """The network inside DataParallel, DistributedDataParallel and compiled modules."""
    while True:
        kind = type(root).__name__
        if (
            kind in ("DataParallel", "DistributedDataParallel", "FullyShardedDataParallel")
            and "module" in root._modules
        ):
            inner = root._modules["module"]
        elif kind == "OptimizedModule" and "_orig_mod" in root._modules:
            inner = root._modules["_orig_mod"]
        else:
            return root
        if inner is None:
            return root
        root = inner


def _walk(
    module: nn.Module, built: Mark | None, mark_of: Callable[[nn.Module], Mark | None], path: str = ""
) -> Iterator[tuple[str, nn.Module, Mark | None]]:
    """A module and all below it, parents first; a child that was copied counts as built where its parent was."""
    stack = [(path, module, built)]
    seen: set[int] = set()
    while stack:
        path, module, built = stack.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield path, module, built
        if isinstance(module, torch.jit.ScriptModule):  # its parts never call hooks
            continue
        for name, child in reversed(list(module._modules.items())):
            if child is not None:
                below = f"{path}.{name}" if path else name
                stack.append((below, child, mark_of(child) or built))


def clean_path(path: str) -> str:
    """A dotted path without the names that wrappers put before it."""
    for prefix in _WRAPPERS:
        path = path.replace(prefix, "")
    return path


def _is_leaf(module: nn.Module) -> bool:
    """A module whose output counts as one layer's: nothing below it, or one of torch's own with parts."""
    return (
        isinstance(module, torch.jit.ScriptModule) or not module._modules or op_of(module) in ("recurrent", "attention")
    )


def _fans(module: nn.Module) -> tuple[int | None, int | None]:
    weight = None if isinstance(module, torch.jit.ScriptModule) else module._parameters.get("weight")
    if weight is None or is_lazy(weight) or weight.dim() < 2:
        return None, None
    shape = weight.shape
    if op_of(module) == "embedding":
        return None, shape[1]
    return math.prod(shape[1:]), shape[0]
