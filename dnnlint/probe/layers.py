"""Who is who among the modules: path, kind, place of construction, order of first calls."""

import math
import weakref
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from dnnlint.diagnostic import Site
from dnnlint.evidence.trace import Layer
from dnnlint.probe.origins import Origin, of_part, of_root
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
    built: Mark | None  # where it was constructed, if that was watched
    parent: "weakref.ref[nn.Module] | None"
    number: int  # order of meeting


class Layers:
    """The modules of all networks that ran, and where modules were constructed."""

    def __init__(self, fallback: Site) -> None:
        self._fallback = fallback
        self._built: dict[int, tuple[weakref.ref[nn.Module], Mark | None]] = {}
        self._entries: dict[int, Entry] = {}
        self._called: dict[int, int] = {}  # order of first calls
        self._told: dict[int, Layer] = {}
        self._origins: dict[int, Origin | None] = {}  # of modules that existed before

    def construct(self, module: nn.Module) -> None:
        """Note where a module is being constructed; the outermost constructor of it comes first."""
        known = self._built.get(id(module))
        if known is None or known[0]() is not module:
            self._built[id(module)] = weakref.ref(module), take(3, maker_of=module)

    def meet(self, root: nn.Module, within: nn.Module | None = None) -> Entry:
        """Register a network and everything in it, unless it is known already.

        Args:
            root: the network, or a part that is in no attribute of the network it runs in.
            within: the network that such a part runs in.
        """
        known = self.find(root)
        if known is not None:
            return known
        inner = unwrapped(root)
        network = _kind(inner if within is None else unwrapped(within))
        if self._mark(inner) is None and self._mark(root) is None:
            self._origins[id(inner)] = of_root(inner) or of_root(root)
        for path, module, parent in _walk(inner):
            known = self.find(module)
            if known is None or (path and not known.path):  # it may have been called alone before
                self._told.pop(id(module), None)
                if module is not inner:
                    self._origins.pop(id(module), None)
                self._entries[id(module)] = Entry(
                    weakref.ref(module),
                    path,
                    network,
                    op_of(module),
                    _is_leaf(module),
                    self._mark(module) or (self._mark(root) if module is inner else None),
                    None if parent is None else weakref.ref(parent),
                    len(self._entries),
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
            entry = Entry(weakref.ref(module), "", _kind(module), op_of(module), False, mark, None, 0)
        fan_in, units = _fans(module)
        kind = _kind(module)
        layer = Layer(entry.path, kind, entry.op, self._site(module, entry), entry.network, order, fan_in, units)
        self._told[id(module)] = layer
        return layer

    def _site(self, module: nn.Module, entry: Entry) -> Site:
        """Where a module was built: as was seen, as its source tells, where its parent was, where we were started."""
        if entry.built is not None:
            return site(entry.built, self._fallback)
        origin = self._origin(module, entry)
        if origin is not None:
            return origin.site
        parent = None if entry.parent is None else entry.parent()
        above = None if parent is None else self.find(parent)
        return self._fallback if parent is None or above is None else self._site(parent, above)

    def _origin(self, module: nn.Module, entry: Entry) -> Origin | None:
        if id(module) not in self._origins:
            parent = None if entry.parent is None else entry.parent()
            above = None if parent is None else self.find(parent)
            self._origins[id(module)] = (
                None
                if parent is None or above is None
                else of_part(parent, self._origin(parent, above), entry.path.rpartition(".")[2], module)
            )
        return self._origins[id(module)]

    def contained(self, module: nn.Module) -> bool:
        """Whether a container of torch's calls a module, so that no line of the user's does."""
        entry = self.find(module)
        parent = None if entry is None or entry.parent is None else entry.parent()
        return parent is not None and type(parent).__module__.partition(".")[0] == "torch"

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


def _walk(module: nn.Module) -> Iterator[tuple[str, nn.Module, nn.Module | None]]:
    """Path, module and parent of a module and all below it, parents first."""
    stack: list[tuple[str, nn.Module, nn.Module | None]] = [("", module, None)]
    seen: set[int] = set()
    while stack:
        path, module, parent = stack.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield path, module, parent
        if isinstance(module, torch.jit.ScriptModule):  # its parts never call hooks
            continue
        for name, child in reversed(list(module._modules.items())):
            if child is not None:
                stack.append((f"{path}.{name}" if path else name, child, module))


def _kind(module: nn.Module) -> str:
    """Name of a module's class, as it was before the module was sharded."""
    name = type(module).__name__
    return name.removeprefix("FSDP") if any(base.__name__ == "FSDPModule" for base in type(module).__bases__) else name


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
