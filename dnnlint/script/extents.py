"""Shapes of tensors, as far as constants tell them; worked out only where somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import Extent
from dnnlint.script import arrays, objects, parameters, reshaping, samples
from dnnlint.script.networks import heads
from dnnlint.script.reshaping import SCALAR, UNKNOWN, flat, sizes
from dnnlint.script.tables import words
from dnnlint.script.values import CHOICE, REAL, WHOLE, Const, Iteration, Obj, Tensor, Tuple, Union, Value

ROW = Extent((None,), False)
_DEEPEST = 40
_SAME = frozenset(
    words("""to type type_as float double half bfloat16 long int short byte bool cpu cuda contiguous clone detach data
        requires_grad_ detach_ numpy astype as_tensor zeros_like ones_like rand_like randn_like randint_like
        empty_like full_like from_numpy values to_numpy scaled encoded pin_memory
        positive Variable float_power share_memory_""")
)
_MADE = frozenset(words("zeros ones rand randn empty full"))
_LITERAL = frozenset(
    words("""tensor as_tensor array asarray Tensor FloatTensor LongTensor DoubleTensor IntTensor HalfTensor ByteTensor
    BoolTensor""")
)
_REDUCING = vocabulary.REDUCTIONS
_REDUCED = frozenset(words("argmax argmin all any argsum mean std var min max sum median"))
_PLAIN = vocabulary.ELEMENTWISE | vocabulary.NORMALISATIONS | {
    "log_softmax", "softmax", "softmin", "gumbel_softmax", "normalize", "random", "fill", "cumulate", "leaf",
}  # fmt: skip
_KEEPING = frozenset({"==", "!=", "<", ">", "<=", ">=", "eq", "ne", "lt", "gt", "le", "ge"})


class Given:
    """What the network around was called with, and the shapes that are worked out already: paths meet again."""

    __slots__ = ("args", "known")

    def __init__(self, args: Sequence[Value] = ()) -> None:
        self.args = args
        self.known: dict[int, Extent] = {}


def of(value: Value, given: Given | None = None, depth: int = 0) -> Extent:
    """The shape of a value."""
    given = given or Given()
    if depth > _DEEPEST:
        return UNKNOWN
    kind = type(value)
    if kind is Tensor:
        if id(value) not in given.known:
            given.known[id(value)] = UNKNOWN
            given.known[id(value)] = _tensor(value, given, depth + 1)  # type: ignore[arg-type]
        return given.known[id(value)]
    if kind is Union:
        found = {of(option, given, depth + 1) for option in value.options}  # type: ignore[attr-defined]
        return found.pop() if len(found) == 1 else UNKNOWN
    if kind is Const:
        known = isinstance(value.value, (int, float)) or value in (WHOLE, REAL, CHOICE)  # type: ignore[attr-defined]
        return SCALAR if known else UNKNOWN
    if kind is Obj and value.kind == "opaque":  # type: ignore[attr-defined]
        if id(value) not in given.known:
            given.known[id(value)] = UNKNOWN
            given.known[id(value)] = arrays.extent(value, lambda part: of(part, given, depth + 1))  # type: ignore[arg-type]
        return given.known[id(value)]
    return UNKNOWN


def _tensor(tensor: Tensor, given: Given, depth: int) -> Extent:
    if tensor.op == "output":
        return of(tensor.inputs[0], Given(tensor.call.args), depth) if tensor.call is not None else UNKNOWN
    if tensor.op == "input":
        index = tensor.extra
        return of(given.args[index], None, depth) if type(index) is int and index < len(given.args) else UNKNOWN
    if tensor.op == "batch":
        return _batch(tensor, depth)
    if tensor.op == "module":
        return _head(tensor)
    if tensor.layer is not None and tensor.op != "parameter":
        return _layer(tensor, given, depth)
    act = _BY_NAME.get(tensor.name)
    if act is not None:
        return act(tensor, given, depth)
    change = _RESHAPING.get(tensor.name)
    if change is not None:
        return change(tensor, _first(tensor, given, depth))
    if tensor.name in _MADE or (tensor.name in _LITERAL and tensor.op in ("fresh", "leaf", "cut")):
        return _made(tensor, given, depth)
    if tensor.op in _REDUCING or tensor.name in _REDUCED:
        return reshaping.reduced(tensor, _first(tensor, given, depth))
    if tensor.op == "shuffled" and not tensor.name:  # a part of a split
        inner = _first(tensor, given, depth)
        return inner if inner.open else Extent((None, *inner.axes[1:]), False)
    if tensor.name in _SAME or tensor.op == "leaf":
        return _first(tensor, given, depth)
    if tensor.op in _PLAIN or tensor.name in _KEEPING:
        return _elementwise(tensor, given, depth)
    return UNKNOWN


def _first(tensor: Tensor, given: Given, depth: int) -> Extent:
    return of(tensor.inputs[0], given, depth) if tensor.inputs else UNKNOWN


def _batch(tensor: Tensor, depth: int) -> Extent:
    found = samples.origin(tensor)
    if found is None:
        return UNKNOWN
    if found.kind == "classes":
        return Extent((None,), False)
    inner = of(found.value, None, depth) if found.value is not None else UNKNOWN
    if found.kind == "whole" or inner.open:
        return inner
    return Extent((None, *(inner.axes[1:] if found.kind == "rows" else inner.axes)), False)


# made from nothing


def _made(tensor: Tensor, given: Given, depth: int) -> Extent:
    if tensor.args is None or tensor.args.open:
        return UNKNOWN
    positional = tensor.args.positional
    if tensor.name in _LITERAL:
        first = tensor.args.get(0, "data")
        if type(first) is Const and type(first.value) is int and tensor.name[-6:] == "Tensor":
            return sizes(positional)
        return literal(first, given, depth) if first is not None else UNKNOWN
    size = tensor.args.keywords.get("size")
    if tensor.name == "full":
        size = size or (positional[0] if positional else None)
    return sizes([size] if size is not None else positional)


def _randint(tensor: Tensor, given: Given, depth: int) -> Extent:
    size = tensor.args.keywords.get("size")
    if size is None:
        size = next((value for value in tensor.args.positional if type(value) is not Const), None)
    return sizes([size]) if size is not None else UNKNOWN


def literal(value: Value, given: Given, depth: int = 0) -> Extent:
    """The shape of nested lists of numbers."""
    if type(value) is Const:
        number = isinstance(value.value, (int, float)) or value in (WHOLE, REAL, CHOICE)
        return SCALAR if number else UNKNOWN
    if type(value) is Tensor or (type(value) is Obj and value.kind == "opaque"):
        return of(value, given, depth)
    if type(value) is Iteration and (type(value.item) is Const or value.span is not None):
        return ROW  # of a range
    if not (type(value) is Tuple or (type(value) is Obj and value.kind == "list")) or depth > _DEEPEST:
        return UNKNOWN
    items = objects.known_items(value)
    members = items if items is not None else objects.contents(value) if type(value) is Obj else []
    if not members:
        return UNKNOWN
    inner = literal(members[0], given, depth + 1)
    if inner.open and items is not None and len(items) == 1 and type(members[0]) is Obj and not inner.axes:
        inner = SCALAR  # torch.tensor([label])
    return inner if inner.open else Extent((arrays.literal_length(value), *inner.axes), False)


def _line(tensor: Tensor, given: Given, depth: int) -> Extent:
    return ROW


# choices


def _item(tensor: Tensor, given: Given, depth: int) -> Extent:
    inner = _first(tensor, given, depth)
    index = tensor.args.positional[1] if tensor.args is not None else None
    if inner.open or index is None:
        return UNKNOWN
    parts = list(index.items) if type(index) is Tuple else [index]
    axes: list[int | None] = []
    left = list(inner.axes)
    for part in parts:
        if type(part) is Const and part.value is None:
            axes.append(1)
        elif not left:
            return UNKNOWN
        elif _is_place(part, len(parts)):
            left.pop(0)
        elif type(part) is Obj and part.name == "slice":
            left.pop(0)
            axes.append(None)
        elif type(part) is Tensor and len(parts) == 1:
            chosen = of(part, given, depth)
            if chosen.open or (len(chosen.axes) != 1 and part.op == "cut"):
                return UNKNOWN
            left.pop(0)
            axes.extend(chosen.axes)
        else:
            return UNKNOWN
    return Extent((*axes, *left), False)


def _is_place(part: Value, parts: int) -> bool:
    """Whether an index picks one place of an axis; an unknown constant among others may be an ellipsis."""
    if type(part) is Const:
        return type(part.value) is int or (part.value is ... and parts == 1)
    return type(part) is Obj and "$index" in part.fields


def _gathered(tensor: Tensor, given: Given, depth: int) -> Extent:
    index = tensor.args.get(2, "index") if tensor.args is not None else None
    return of(index, given, depth) if index is not None else UNKNOWN


def _scalar(tensor: Tensor, given: Given, depth: int) -> Extent:
    return SCALAR


def _stack(tensor: Tensor, given: Given, depth: int) -> Extent:
    first = tensor.args.get(0, "tensors") if tensor.args is not None else None
    members = objects.contents(first) if type(first) is Obj and first.kind == "list" else []
    items = list(first.items) if type(first) is Tuple else members
    inner = of(items[0], given, depth) if items else UNKNOWN
    if inner.open:
        return UNKNOWN
    return Extent((None,) * (len(inner.axes) + (tensor.name == "stack")), False)


# arithmetic


def _elementwise(tensor: Tensor, given: Given, depth: int) -> Extent:
    operands = tensor.extra if tensor.name in ("+", "-", "*", "/", "**") else tensor.inputs
    if not isinstance(operands, tuple) or not operands:
        return UNKNOWN
    if tensor.op in vocabulary.ACTIVATIONS | vocabulary.NORMALISATIONS:
        operands = operands[:1]
    found = [of(value, given, depth) for value in operands]
    return _broadcast(found[0], found[1]) if len(found) == 2 else found[0] if len(found) == 1 else UNKNOWN


def _broadcast(one: Extent, other: Extent) -> Extent:
    if one == SCALAR or other == SCALAR:
        return other if one == SCALAR else one
    if one.open or other.open:
        return UNKNOWN
    longer, shorter = (one, other) if len(one.axes) >= len(other.axes) else (other, one)
    lead = len(longer.axes) - len(shorter.axes)
    pairs = zip(longer.axes[lead:], shorter.axes, strict=True)
    tail = [b if a == 1 else a if b == 1 or a == b else None for a, b in pairs]
    return Extent((*longer.axes[:lead], *tail), False)


# layers


def _head(tensor: Tensor) -> Extent:
    """A ready classifier gives one row of scores a sample."""
    ending = heads.end(tensor)
    if ending is None:
        return UNKNOWN
    return Extent((None, parameters.units(ending.layer) if ending.layer is not None else None), False)


def _layer(tensor: Tensor, given: Given, depth: int) -> Extent:
    layer = tensor.layer
    assert layer is not None
    spec = layer.fields.get("$spec")
    if tensor.op in ("conv", "conv_transpose") and spec is not None and spec.dims:
        return Extent((None, parameters.units(layer), *[None] * spec.dims), False)
    inner = _first(tensor, given, depth)
    units = parameters.units(layer)
    name = str(layer.cls).rpartition(".")[2]
    if tensor.op == "linear":
        return Extent((units,), True) if inner.open or not inner.axes else Extent((*inner.axes[:-1], units), False)
    if tensor.op == "embedding" and name == "Embedding":
        return Extent((*inner.axes, units), inner.open)
    if name == "Flatten" and not layer.fields["$args"]:
        return flat(inner)
    if tensor.op in ("pool", "upsample", "pad"):
        return inner if inner.open else Extent((*inner.axes[:2], *[None] * (len(inner.axes) - 2)), False)
    if tensor.op in _PLAIN or name == "Identity":
        return inner
    return UNKNOWN


_BY_NAME: dict[str, Callable[[Tensor, Given, int], Extent]] = {
    "ravel": _line, "arange": _line, "linspace": _line, "randperm": _line, "row": _line, "randint": _randint,
    "[]": _item, "gather": _gathered, "item": _scalar, "float()": _scalar, "stack": _stack, "cat": _stack,
}  # fmt: skip
_RESHAPING: dict[str, Callable[[Tensor, Extent], Extent]] = {
    "squeeze": reshaping.squeeze, "unsqueeze": reshaping.unsqueeze, "view": reshaping.view, "reshape": reshaping.view,
    "flatten": reshaping.flatten, "permute": reshaping.turned, "transpose": reshaping.turned, "T": reshaping.turned,
    "t": reshaping.turned, "swapaxes": reshaping.turned, "[:]": reshaping.part, "one_hot": reshaping.one_hot,
}  # fmt: skip
