"""Walks over the data flow: what a loss depends on, and what comes last before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Forward, Mode
from dnnlint.script import objects
from dnnlint.script.networks import heads, modes, naming, tree
from dnnlint.script.values import Const, Iteration, NetworkCall, Obj, Tensor, Tuple, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOST_NODES = 4000
_DEEPEST = 4  # things taken out of one another
_THROUGH = frozenset({"view"})
_ENDS = frozenset({"cut", "fresh", "shuffled", "gradient"})  # no gradient passes
_JOINING = frozenset({"cat"})


class Reach:
    """Everything a value was computed from."""

    __slots__ = ("calls", "ids", "known", "lists", "live", "loaders", "modules", "nodes", "unknown")

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.live: set[int] = set()  # those that a gradient reaches
        self.nodes: list[Value] = []
        self.calls: list[NetworkCall] = []
        self.modules: list[Obj] = []
        self.loaders: list[Obj] = []
        self.lists: set[int] = set()
        self.unknown = False
        self.known: set[int] = set()

    def module(self, obj: Obj) -> None:
        """Note a network or layer, once."""
        if id(obj) not in self.known:
            self.known.add(id(obj))
            self.modules.append(obj)


def reach(value: Value) -> Reach:
    """Follow a value back to the networks, loaders and parameters it depends on."""
    found = Reach()
    stack: list[tuple[Value, bool]] = [(value, True)]
    while stack and len(found.nodes) < _MOST_NODES:
        node, live = stack.pop()
        if id(node) in (found.live if live else found.ids):
            continue
        found.ids.add(id(node))
        if live:
            found.live.add(id(node))
        found.nodes.append(node)
        kind = type(node)
        if kind is Tensor:
            _tensor(node, live, found, stack)  # type: ignore[arg-type]
        elif kind is Obj:
            _object(node, live, found, stack)  # type: ignore[arg-type]
        elif kind is Union:
            stack.extend((option, live) for option in node.options)  # type: ignore[attr-defined]
        elif kind is Tuple:
            stack.extend((item, live) for item in node.items)  # type: ignore[attr-defined]
        elif kind is Iteration:
            stack.extend((item, live) for item in (node.item, node.source, *(node.items or ())) if item is not None)  # type: ignore[attr-defined]
    return found


def _tensor(node: Tensor, live: bool, found: Reach, stack: list[tuple[Value, bool]]) -> None:
    live = live and node.op not in _ENDS
    if live:
        if node.call is not None:
            found.calls.append(node.call)
            found.module(node.call.network)
        elif node.layer is not None:
            found.module(node.layer)
        elif node.op == "parameter" and isinstance(node.extra, Obj):
            found.module(node.extra)
    if node.op in ("unknown", "module") and node.call is None and live:
        found.unknown = True
    if type(node.extra) is Obj and node.extra.kind == "list":
        found.lists.add(id(node.extra))
    stack.extend((item, live) for item in node.inputs)


def _object(node: Obj, live: bool, found: Reach, stack: list[tuple[Value, bool]]) -> None:
    if node.kind == "loader":
        found.loaders.append(node)
    elif node.kind in ("list", "dict"):
        found.lists.add(id(node))
        stack.extend((item, live) for item in objects.contents(node))
    elif node.kind == "module":
        if live:
            found.module(node)
    elif node.kind == "opaque":
        if live and not _data(node):
            found.unknown = True
            found.module(node)
        stack.extend((item, live) for item in node.sources)


def _data(node: Obj, depth: int = 0) -> bool:
    """Whether something unknown is a batch, or was taken out of one."""
    if node.fields.get("$data") or depth > _DEEPEST:
        return bool(node.fields.get("$data"))
    inner = [type(one) is Obj and one.kind == "opaque" and _data(one, depth + 1) for one in node.sources]
    return bool(inner) and all(inner)


def forwards(run: Interpreter, found: Reach, optimizer: Obj) -> tuple[Forward, ...]:
    """The network calls behind a loss, with the mode each was in."""
    # what gave the target under no_grad is no part of the training, unless there is nothing else
    calls = [call for call in found.calls if call.grad is not False] or found.calls
    likely = {id(call.network) for call in calls if naming.network_like(call.network)}
    return tuple(dict.fromkeys([forward(run, call, _optimized(call, optimizer, likely)) for call in calls]))


def _optimized(call: NetworkCall, optimizer: Obj, likely: set[int]) -> bool | None:
    owners = optimizer.fields.get("$owners", ())
    if any(tree.within(owner, call.network) or tree.within(call.network, owner) for owner in owners):
        return None if tree.partly_frozen(call.network) else True
    if optimizer.fields.get("$known"):
        return False
    return True if len(likely) == 1 and id(call.network) in likely else None


def forward(run: Interpreter, call: NetworkCall, optimized: bool | None) -> Forward:
    """A network call as evidence."""
    network = call.network
    places = {place for _, place, _ in call.modes if place is not None}
    return Forward(
        title(network),
        call.place,
        frozenset({mode for mode, _, _ in call.modes}) or frozenset({Mode.UNKNOWN}),
        places.pop() if len(places) == 1 else None,
        modes.dependent(run, network) if network.kind == "module" else None,
        optimized,
        call.left,
    )


def title(obj: Obj) -> str:
    """What a message calls a network: its variable, or its class."""
    if obj.name:
        return obj.name
    return obj.cls.name if hasattr(obj.cls, "name") else str(obj.cls or "the network").rpartition(".")[2]


def last(value: Value) -> tuple[list[Tensor], bool]:
    """The operations that can come last in a value, shape changes skipped; and whether these are all."""
    found: list[Tensor] = []
    known = True
    seen: set[int] = set()
    stack: list[Any] = [value]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if type(node) is Union:
            stack.extend(node.options)
        elif type(node) is Tensor and (node.op == "output" or node.op in _THROUGH) and node.inputs:
            stack.append(node.inputs[0])
        elif type(node) is Tensor and node.op in _JOINING and node.inputs:
            stack.extend(node.inputs)
        elif type(node) is Obj and node.kind == "list" and node.fields.get("$items"):
            stack.extend(node.fields["$items"])
        elif type(node) is Tuple:
            stack.extend(node.items)
        elif type(node) is Tensor and node.op not in ("unknown", "module", "batch", "input"):
            found.append(node)
        elif type(node) is Const and node.value is None:
            continue
        elif type(node) is Tensor and node.op == "module" and (ending := heads.end(node)) is not None:
            found.append(ending)
        else:
            known = False
    return found, known and bool(found)
