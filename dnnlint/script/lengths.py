"""Axes by name: which variable holds the length of which axis, and changes of shape that mix axes up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import ScrambledView
from dnnlint.script import objects, ranks, recurrent
from dnnlint.script.code import Args
from dnnlint.script.values import SIZE, Const, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_SAME = vocabulary.ACTIVATIONS | vocabulary.NORMALISATIONS | {"dropout"}
_KEPT = frozenset({"contiguous", "float", "to", "half", "clone", "detach", "cuda", "cpu", "type"})
_FARTHEST = 12

Factors = tuple[int, ...] | str
Order = list[int | None]  # axes of the tensor that was asked, in the order in which another one has them


class Length(NamedTuple):
    """A number that was read off the shape of a tensor."""

    value: Value  # keeps the identity that it is known by
    tensor: Tensor
    axes: tuple[int, ...] | None  # the axes whose lengths are multiplied; None for the whole shape
    rank: int | None


def _note(run: Interpreter, value: Value, tensor: Tensor, axes: tuple[int, ...] | None, rank: int | None) -> Value:
    run.lengths[id(value)] = Length(value, tensor, axes, rank)
    return value


def asked(run: Interpreter, value: Value, tensor: Tensor, name: str, args: Args | None = None) -> Value:
    """``x.shape`` or ``x.size(...)`` was read."""
    if name not in ("shape", "size") or type(value) is not Const:
        return value
    index = args.get(0, "dim") if args is not None else None
    if index is None:
        return _note(run, Const(...), tensor, None, None)
    axis = index.value if type(index) is Const else None
    return _note(run, Const(...), tensor, (axis,), None) if type(axis) is int and axis >= 0 else value


def item(run: Interpreter, shape: Value, index: Value) -> Value:
    """``shape[index]`` of something of which nothing else is known."""
    known = run.lengths.get(id(shape))
    axis = index.value if type(index) is Const else None
    if known is None:
        return SIZE if shape is SIZE else Const(...)
    if known.axes is not None or type(axis) is not int or axis < 0:
        return SIZE
    return _note(run, Const(...), known.tensor, (axis,), None)


def parts(run: Interpreter, shape: Value, count: int) -> list[Value]:
    """``b, t, c = shape``."""
    known = run.lengths.get(id(shape))
    made: list[Value] = [Const(...) for _ in range(count)]
    if known is not None and known.axes is None:
        for axis, one in enumerate(made):
            _note(run, one, known.tensor, (axis,), count)
    return made


def product(run: Interpreter, left: Value, right: Value, made: Value) -> Value:
    """``h * w``."""
    one, other = run.lengths.get(id(left)), run.lengths.get(id(right))
    if one is None or other is None or one.tensor is not other.tensor or one.axes is None or other.axes is None:
        return made
    return _note(run, made, one.tensor, one.axes + other.axes, one.rank or other.rank)


# changes of shape


def viewed(run: Interpreter, made: Tensor, tensor: Tensor, args: Args) -> None:
    """``x.view(...)`` with lengths that were read off a shape."""
    values = list(args.positional)
    if len(values) == 1:
        values = objects.known_items(values[0]) or []
    if len(values) < 2 or args.open:
        return
    known = [run.lengths.get(id(value)) for value in values]
    if recurrent.scrambles(tensor, values, known) or _mixes(run, tensor, values, known):
        run.record.state(ScrambledView(made.at, made.name))


def _mixes(run: Interpreter, tensor: Tensor, values: list[Value], known: list[Length | None]) -> bool:
    """Whether an axis of a tensor has other axes before or behind it in the new shape."""
    lengths = [one for one in known if one is not None and one.axes is not None]
    for source in {id(one.tensor): one.tensor for one in lengths}.values():
        mine = [one for one in lengths if one.tensor is source]
        rank = max(one.rank or 0 for one in mine) or ranks.of(run, source).exact
        count = rank or 1 + max(axis for one in mine for axis in one.axes or (0,))
        order = _order(tensor, source, count, rank is None)
        if order is None:
            continue
        target = [_factors(value, one, source) for value, one in zip(values, known, strict=True)]
        if rank is not None:
            order = _without_units(order, target)
            target = _without_rest(order, target)
        return any(_moved(axis, order, target, rank is None) for axis in range(count) if axis in order)
    return False


def _without_rest(order: Order, target: list[Factors]) -> list[Factors]:
    """A shape in which -1 stands for the axes that it leaves out."""
    if None in order or target.count("rest") != 1 or "more" in target or "many" in target:
        return target
    named = {axis for factors in target if not isinstance(factors, str) for axis in factors}
    left = tuple([axis for axis in order if axis is not None and axis not in named])
    return [left if factors == "rest" else factors for factors in target]


def _without_units(order: Order, target: list[Factors]) -> Order:
    """The axes without those that a wholly known shape leaves out: their length must be one."""
    if any(isinstance(factors, str) for factors in target):
        return order
    named = {axis for factors in target for axis in factors}
    return [axis for axis in order if axis is None or axis in named]


def _order(tensor: Tensor, source: Tensor, count: int, open_: bool) -> Order | None:
    """In which order a tensor has the axes of the one that was asked; None if it has others."""
    steps: list[Tensor] = []
    while tensor is not source:
        if len(steps) > _FARTHEST or not tensor.inputs or type(tensor.inputs[0]) is not Tensor:
            return None
        steps.append(tensor)
        tensor = tensor.inputs[0]
    order: Order | None = list(range(count))
    for step in reversed(steps):
        if order is None:
            return None
        order = _after(step, order, open_)
    return order


def _after(step: Tensor, order: Order, open_: bool) -> Order | None:
    if step.op in _SAME or step.name in _KEPT:
        return order
    if step.op in ("linear", "recurrent") and step.layer is not None:
        return [*order[:-1], None]
    if step.op == "embedding" and step.layer is not None:
        return order if open_ else [*order, None]
    if step.name not in ("transpose", "permute") or step.args is None:
        return None
    given = step.args.positional[1:]
    items = objects.known_items(given[0]) if len(given) == 1 else given
    axes = [one.value if type(one) is Const and type(one.value) is int else None for one in items or ()]
    rank = len(order)
    if open_ and any(axis is None or axis < 0 for axis in axes):
        return None
    if open_ and step.name == "permute":
        order, rank = [*order, *range(rank, len(axes))], max(rank, len(axes))
    numbers = [axis % rank for axis in axes if axis is not None and -rank <= axis < rank]
    if step.name == "permute":
        return [order[axis] for axis in numbers] if sorted(numbers) == list(range(rank)) else None
    if len(numbers) != 2:
        return None
    swapped = list(order)
    swapped[numbers[0]], swapped[numbers[1]] = swapped[numbers[1]], swapped[numbers[0]]
    return swapped


def _factors(value: Value, known: Length | None, source: Tensor) -> Factors:
    """The axes whose lengths make up one axis of the new shape.

    "rest" for -1, "more" for what is not known, "many" for what is known to be more than one.
    """
    if known is not None and known.axes is not None:
        return known.axes if known.tensor is source else "many"
    if type(value) is Const and value.value in (1, -1):
        return () if value.value == 1 else "rest"
    return "many" if value is SIZE or (type(value) is Const and type(value.value) is int) else "more"


def _moved(axis: int, order: Order, target: list[Factors], open_: bool) -> bool:
    """Whether an axis that both shapes have has other axes before or behind it than before."""
    places = [index for index, factors in enumerate(target) if factors == (axis,)]
    if len(places) != 1 or sum(axis in factors for factors in target if not isinstance(factors, str)) != 1:
        return False
    here, there = order.index(axis), places[0]
    if open_:  # how many axes are behind is not known, and one more in front may be of length one
        added = there == 0 or here > 0 or target[:there] != ["more"] * there
        return added and _differ(order[:here], target[:there])
    return _differ(order[:here], target[:there]) or _differ(order[here + 1 :], target[there + 1 :])


def _differ(axes: Order, target: list[Factors]) -> bool:
    """Whether two products of lengths are certainly not the same."""
    if None in axes or "rest" in target:
        return False
    wanted = Counter([axis for axis in axes if axis is not None])
    found = Counter(axis for factors in target if not isinstance(factors, str) for axis in factors)
    return not wanted - found if "more" in target or "many" in target else wanted != found
