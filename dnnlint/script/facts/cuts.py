"""Backward passes that reach no parameter: every path from the loss to a network is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence.script import Cut, CutGradient
from dnnlint.script import graph
from dnnlint.script.events import ownership
from dnnlint.script.facts import purpose
from dnnlint.script.networks import naming, tree
from dnnlint.script.tables import words
from dnnlint.script.values import NOWHERE, Const, Iteration, Obj, Tensor, Tuple, Union, Value

if TYPE_CHECKING:
    from dnnlint.diagnostic import Place
    from dnnlint.script.interpreter import Interpreter

_MOST_NODES = 2000
_ITEM = "item of "  # what members of unknown iterables are called
_FLAT = frozenset({"round", "sign"})  # differentiable, with a gradient of zero everywhere
_DATA = frozenset({"fresh", "batch", "shuffled", "gradient", "input"})
_SCALARS = frozenset({"loss", "mean", "sum", "norm"})
NOT_DIFFERENTIABLE = frozenset(
    words("""argmax argmin argsort argmedian argtopk argkthvalue long int short byte bool round floor ceil trunc fix
    sign nonzero unique multinomial bincount one_hot heaviside == != < > <= >= eq ne lt gt le ge // %""")
)


def state(run: Interpreter) -> None:
    """State the backward passes whose every path is cut before a network."""
    for place, reach in run.record.passes.items():
        walk = _Walk(run)
        walk.follow(reach.nodes[0])
        if walk.alive or not walk.cuts:
            continue
        found = [cut for one in walk.cuts for cut in _blamed(run, one, set())]
        if found:
            run.record.state(CutGradient(place, tuple(dict.fromkeys(found)), walk.revived))


class _Walk:
    """A walk from a loss backwards, along the paths that a gradient takes, up to what cuts them."""

    def __init__(self, run: Interpreter) -> None:
        self.run = run
        self.alive = False
        self.cuts: list[Tensor] = []
        self.revived: Place | None = None

    def follow(self, value: Value) -> None:
        """Walk until something that learns is reached, or nothing is left."""
        stack, seen = [value], {id(value)}
        while stack and not self.alive:
            node = stack.pop()
            self.alive = len(seen) > _MOST_NODES
            for item in self._behind(node):
                if id(item) not in seen:
                    seen.add(id(item))
                    stack.append(item)

    def _behind(self, node: Value) -> tuple[Value, ...]:
        if type(node) is Tensor:
            return self._behind_tensor(node)
        if type(node) is Union:
            return node.options
        if type(node) is Tuple:
            return node.items
        if type(node) is Obj and node.kind in ("list", "dict"):
            items = node.fields["$items"]
            return tuple(items.values() if isinstance(items, dict) else items)
        if type(node) is Iteration:
            return (*(node.items or ()), *((node.item,) if node.item is not None else ()))
        known = type(node) is Obj and (
            node.kind in ("loader", "dataset") or naming.setting(node) or _drawn(self.run, node)
        )
        self.alive = self.alive or not (known or type(node) is Const)
        return ()

    def _behind_tensor(self, node: Tensor) -> tuple[Value, ...]:
        made = node.op == "fresh" and bool(node.inputs)  # a tensor of numbers that were taken out of the graph
        if (node.op in _DATA and not made) or node.name.endswith("_like"):
            return ()
        if made or node.op == "cut" or node.op in _FLAT:
            self.cuts.append(node)
            return ()
        if node.op == "leaf":
            return self._behind_leaf(node)
        if _holds_weights(node) or node.op == "unknown" or (node.call is not None and node.op != "output"):
            self.alive = True
        return node.inputs[:1] if node.op == "view" else node.inputs  # the rest are devices, sizes and indices

    def _behind_leaf(self, node: Tensor) -> tuple[Value, ...]:
        """A new leaf of the graph: what somebody optimises, or a loss made anew so that backward() does not fail."""
        inner = node.inputs[0] if node.inputs else None
        if node.name == "" and inner is not None and not (type(inner) is Tensor and inner.op == "cut"):
            return node.inputs  # requires_grad_() of what has a graph already changes nothing
        owned = any(node is own or inner is own for one in self.run.record.optimizers for own in ownership.owned(one))
        if inner is None or owned or not (_made_of_loss(inner) or self._learner_behind(inner)):
            self.alive = True
            return ()
        self.cuts.append(node)
        self.revived = node.at
        return ()

    def _learner_behind(self, value: Value) -> bool:
        """Whether an optimiser is to learn what a value was computed with, and nobody asks for the leaf's gradient."""
        record = self.run.record
        owners = [own for one in record.optimizers for own in ownership.owned(one)]
        behind = [node for node in graph.reach(value).nodes if type(node) is Tensor]
        networks = [one for node in behind if (one := node.call.network if node.call else node.layer) is not None]
        return not record.read and any(
            tree.within(own, one) or tree.within(one, own) for own in owners for one in networks
        )


def _drawn(run: Interpreter, value: Obj) -> bool:
    """Whether a value of unknown class is a part of what a loop draws from a loader, or feeds a network with."""
    item = _item(value)
    if item is None:
        return False
    if purpose.loads(item.name[len(_ITEM) :]):
        return True
    return any(type(given) is Obj and _item(given) is item for call in run.record.calls for given in call.args)


def _item(value: Obj) -> Obj | None:
    """The member of an iterable of unknown class that a value is a part of."""
    while value.kind == "opaque" and not value.name.startswith(_ITEM):
        if len(value.sources) != 1 or type(value.sources[0]) is not Obj or value.at != NOWHERE:
            return None  # several things, or what a function returned
        value = value.sources[0]
    return value if value.kind == "opaque" else None


def _made_of_loss(value: Value) -> bool:
    """Whether a leaf is made of a loss, or of a choice among predictions: nobody optimises that."""
    found = graph.reach(value)
    return any(
        type(node) is Tensor and (node.op in _SCALARS or (node.op == "cut" and node.name in NOT_DIFFERENTIABLE))
        for node in found.nodes
    )


def _blamed(run: Interpreter, cut: Tensor, seen: set[int]) -> list[Cut]:
    """The innermost cuts behind one: whoever took the prediction out of the graph first; none if it is mere data."""
    if id(cut) in seen:
        return []
    seen.add(id(cut))
    inner = _Walk(run)
    for value in cut.inputs:
        inner.follow(value)
    if not inner.alive and inner.cuts:
        found = [found for one in inner.cuts for found in _blamed(run, one, seen)]
        worse = cut.name in NOT_DIFFERENTIABLE and not any(one.how in NOT_DIFFERENTIABLE for one in found)
        return [Cut(cut.at, cut.name)] if found and worse else found
    if not any(_learns(graph.reach(value)) for value in cut.inputs) or cut.at == NOWHERE:
        return []
    return [Cut(cut.at, cut.name)]


def _learns(found: graph.Reach) -> bool:
    """Whether a network whose parameters could learn stands behind."""
    return any(type(node) is Tensor and (node.call is not None or _holds_weights(node)) for node in found.nodes)


def _holds_weights(node: Tensor) -> bool:
    if node.op in ("parameter", "module"):
        return True
    return node.layer is not None and "$spec" in node.layer.fields and bool(node.layer.fields["$spec"].parametric)
