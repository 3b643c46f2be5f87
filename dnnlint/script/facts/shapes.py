"""Sizes that contradict each other: what flows into a layer against what the layer was built for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING

from dnnlint.evidence.script import Extent, ScrambledView, ShapeMismatch
from dnnlint.script import extents, images, layer_shapes, objects
from dnnlint.script.facts import nodes
from dnnlint.script.values import Const, Obj, Tensor, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter
    from dnnlint.script.values import NetworkCall

UNKNOWN = layer_shapes.UNKNOWN
_KNOWN_OPS = layer_shapes.SAME | {"view", "pool", "cat", "mean"}


class Flow:
    """The shapes along one forward pass, in the order in which they come about."""

    def __init__(self, run: Interpreter, call: NetworkCall) -> None:
        self.run = run
        self.call = call
        self.known: dict[int, Extent] = {}
        self.told: set[int] = set()

    def of(self, value: Value) -> Extent:
        """The shape of a value that was met before, or that comes from outside."""
        kind = type(value)
        if kind is Union:
            found = {self.of(option) for option in value.options}  # type: ignore[attr-defined]
            return found.pop() if len(found) == 1 else UNKNOWN
        if type(value) is not Tensor:
            return UNKNOWN
        known = self.known.get(id(value))
        if known is None:
            known = self.known[id(value)] = self._outer(value)
        return known

    def _outer(self, tensor: Tensor) -> Extent:
        if tensor.op == "input":
            given = self.call.args
            if type(tensor.extra) is not int or tensor.extra >= len(given):
                return UNKNOWN
            value = given[tensor.extra]
            pictures = images.of_batch(value) if type(value) is Tensor else None
            return pictures or (extents.of(value) if type(value) is Tensor and value.op != "output" else UNKNOWN)
        return extents.of(tensor) if tensor.op in ("parameter", "fresh") else UNKNOWN

    def meet(self, tensor: Tensor) -> None:
        """Work out the shape of the next operation, and state what cannot be."""
        first = self.of(tensor.inputs[0]) if tensor.inputs else UNKNOWN
        if tensor.layer is not None and "$spec" in tensor.layer.fields:
            self._layer(tensor, tensor.layer, first)
        elif tensor.name in ("view", "reshape"):
            self.known[id(tensor)] = self._viewed(tensor, first)
        elif tensor.name == "cat":
            self.known[id(tensor)] = self._joined(tensor)
        elif tensor.op in _KNOWN_OPS:
            self.known[id(tensor)] = layer_shapes.function(tensor, first)
        else:
            self.known[id(tensor)] = UNKNOWN

    def _layer(self, tensor: Tensor, layer: Obj, first: Extent) -> None:
        self.known[id(tensor)] = layer_shapes.applied(layer, tensor.op, first)
        if id(tensor) in self.run.record.doubtful or id(layer) in self.told:
            self.known[id(tensor)] = layer_shapes.applied(layer, tensor.op, UNKNOWN)
            return
        clash = layer_shapes.clash(layer, tensor.op, first)
        if clash is not None:
            self.told.add(id(layer))
            what, wanted, given = clash
            kind = nodes.layer(layer).kind
            self.run.record.state(ShapeMismatch(layer.at, kind, what, wanted, given, tensor.at))

    def _viewed(self, tensor: Tensor, first: Extent) -> Extent:
        args = tensor.args
        if args is None or args.open or len(args.positional) < 2:
            return UNKNOWN
        values = list(args.positional[1:])
        if len(values) == 1 and type(values[0]) is not Const:
            values = objects.known_items(values[0]) or []
        axes = [value.value if type(value) is Const and type(value.value) is int else None for value in values]
        if not axes:
            return UNKNOWN
        inner = None if first.open or None in first.axes[1:] or len(first.axes) < 2 else _product(first.axes[1:])
        if axes[-1] == -1 and len(axes) == 2 and axes[0] is None:  # view(batch, -1)
            return Extent((None, inner), False)
        self._check_view(tensor, first, axes, inner)
        if not first.open and reordered(first.axes[1:], axes[1:]):
            self.run.record.state(ScrambledView(tensor.at, tensor.name))
        return Extent(tuple([None if axis == -1 else axis for axis in axes]), False)

    def _check_view(self, tensor: Tensor, first: Extent, axes: list[int | None], inner: int | None) -> None:
        """Samples that are cut into pieces: their size and the size that is asked for have no common measure."""
        wanted = _product(axes[1:]) if axes[0] in (-1, None) and None not in axes[1:] and -1 not in axes else None
        if axes[0] == -1 and -1 not in axes[1:] and None not in axes[1:]:
            wanted = _product(axes[1:])
        if inner and wanted and first.axes[0] is None and inner % wanted and wanted % inner:
            self.run.record.state(ShapeMismatch(tensor.at, tensor.name, "numbers a sample", wanted, inner, None))

    def _joined(self, tensor: Tensor) -> Extent:
        args = tensor.args
        first = args.get(0, "tensors") if args is not None else None
        members = objects.known_items(first) if first is not None else None
        dim = args.get(1, "dim") if args is not None else None
        axis = 0 if dim is None else dim.value if type(dim) is Const and type(dim.value) is int else None
        shapes = [self.of(member) for member in members or ()]
        if not shapes or axis is None or any(one.open or len(one.axes) != len(shapes[0].axes) for one in shapes):
            return UNKNOWN
        rank = len(shapes[0].axes)
        if not -rank <= axis < rank:
            return UNKNOWN
        axis %= rank
        columns = list(zip(*[one.axes for one in shapes], strict=True))
        summed = None if None in columns[axis] else sum(size or 0 for size in columns[axis])
        axes = [column[0] if len(set(column)) == 1 else None for column in columns]
        axes[axis] = summed
        return Extent(tuple(axes), False)


def reordered(old: Sequence[int | None], new: Sequence[int | None]) -> bool:
    """Whether the first axis of a shape is the last of the new one, or the other way round, and nothing else changed.

    Axes that are neighbours may be merged on the way.
    """
    total = _product(old)
    rest = _product([axis for axis in new if axis != -1])
    if not total or not rest or total % rest or list(new).count(-1) > 1:
        return False
    sizes = [total // rest if axis == -1 else axis for axis in new]
    mine = [axis for axis in old if axis is not None and axis != 1]
    theirs = [axis for axis in sizes if axis is not None and axis != 1]
    if len(mine) < 2 or len(theirs) < 2 or _ends(mine) <= _ends(theirs) or _ends(theirs) <= _ends(mine):
        return False
    backwards = theirs[-1] == mine[0] and _ends(theirs[:-1]) <= _ends(mine[1:])
    return backwards or (theirs[0] == mine[-1] and _ends(theirs[1:]) <= _ends(mine[:-1]))


def _ends(axes: list[int]) -> set[int]:
    """How many numbers there are up to the end of each axis."""
    return set(accumulate(axes, mul))


def _product(axes: Sequence[int | None]) -> int | None:
    total = 1
    for axis in axes:
        if axis is None:
            return None
        total *= axis
    return total


def state(run: Interpreter, operations: list[Tensor], call: NetworkCall | None) -> None:
    """State the contradictions of one forward pass."""
    if call is None:
        return
    flow = Flow(run, call)
    for tensor in operations:
        flow.meet(tensor)
