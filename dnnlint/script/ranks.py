"""How many axes a tensor has, as far as the operations before it tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dnnlint.evidence import vocabulary
from dnnlint.script import extents, objects
from dnnlint.script.tables import words
from dnnlint.script.values import Const, Tensor, Tuple, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

KEEPING = frozenset(
    words(
        """contiguous float half double to type type_as cuda cpu clone bfloat16 detach expand expand_as masked_fill
        transpose swapaxes swapdims permute flip roll data chunk split"""
    )
)
"""Methods that leave as many axes as there are."""
_SAME = (
    vocabulary.ELEMENTWISE
    | vocabulary.NORMALISATIONS
    | vocabulary.DISTRIBUTIONS
    | {"log_softmax", "linear", "normalize", "attention", "transformer"}
)
_FARTHEST = 16


class Rank(NamedTuple):
    """A number of axes."""

    least: int
    exact: int | None = None


UNKNOWN = Rank(0)


def of(run: Interpreter, value: Value, depth: int = 0) -> Rank:
    """How many axes a value has."""
    if not depth:
        run.record.ranks = {}
        run.record.asked = {}
        for one in run.lengths.values():
            if one.rank is not None:
                run.record.asked.setdefault(id(one.tensor), set()).add(one.rank)
    if type(value) is Union:
        found = [of(run, option, depth + 1) for option in value.options if type(option) is not Const]
        return min(found) if found and len({one.exact for one in found}) == 1 else UNKNOWN
    if type(value) is not Tensor or depth > _FARTHEST:
        return UNKNOWN
    known = run.record.ranks.get(id(value))
    if known is None:
        known = _tensor(run, value, depth)
        asked = run.record.asked.get(id(value), ())
        if known.exact is None and len(asked) == 1:
            known = _exactly(*asked)
        run.record.ranks[id(value)] = known
    return known


def _exactly(count: int) -> Rank:
    return Rank(count, count)


def _tensor(run: Interpreter, tensor: Tensor, depth: int) -> Rank:
    name, inner = tensor.name, tensor.inputs[0] if tensor.inputs else None
    if tensor.op == "matmul":
        return _product(run, tensor, depth)
    if tensor.layer is not None and tensor.op in ("conv", "conv_transpose"):
        return _exactly(tensor.layer.fields["$spec"].dims + 2)
    if tensor.op == "recurrent":
        return _exactly(3)
    if name in ("view", "reshape", "permute"):
        return _written(tensor)
    if name == "rearrange" or tensor.op in ("batch", "output", "input", "parameter", "fresh") or inner is None:
        return _pattern(tensor) if name == "rearrange" else _outside(tensor)
    if name == "[]":
        return _part(run, tensor, depth)
    before = of(run, inner, depth + 1)
    if name in ("unsqueeze", "unsqueeze_") or tensor.op == "embedding":
        return _more(before, 1)
    if name in ("squeeze", "squeeze_", "unbind", "select"):
        return _more(before, -1) if integer(tensor) is not None else UNKNOWN
    if name in ("transpose", "swapaxes", "swapdims"):
        named = [value.value for value in tensor.args.positional[1:] if type(value) is Const] if tensor.args else []
        numbers = [number + 1 if number >= 0 else -number for number in named if type(number) is int]
        return Rank(max([before.least, 2, *numbers]), before.exact)
    if tensor.op in _SAME or name in KEEPING:
        return _widest(run, tensor, before, depth)
    return _outside(tensor)


def _outside(tensor: Tensor) -> Rank:
    shape = extents.of(tensor)
    return UNKNOWN if shape.open else _exactly(len(shape.axes))


def _more(rank: Rank, by: int) -> Rank:
    return Rank(max(0, rank.least + by), None if rank.exact is None else rank.exact + by)


def integer(tensor: Tensor, name: str = "dim") -> int | None:
    """The axis that a change of shape names."""
    value = tensor.args.get(1, name) if tensor.args is not None else None
    return value.value if type(value) is Const and type(value.value) is int else None


def _written(tensor: Tensor) -> Rank:
    """``x.view(a, b, c)``, ``x.permute(0, 2, 1)``."""
    values = tensor.args.positional[1:] if tensor.args is not None and not tensor.args.open else []
    if len(values) == 1 and (type(values[0]) is not Const or values[0].value is ...):
        items = objects.known_items(values[0])
        return _exactly(len(items)) if items else UNKNOWN
    return _exactly(len(values)) if values else UNKNOWN


def _pattern(tensor: Tensor) -> Rank:
    """``rearrange(x, 'b n (h d) -> b h n d')``."""
    pattern = tensor.args.get(1, "pattern") if tensor.args is not None else None
    text = pattern.value if type(pattern) is Const else None
    if not isinstance(text, str) or "..." in text or "->" not in text:
        return UNKNOWN
    count, inside = 0, False
    for token in text.partition("->")[2].replace("(", " ( ").replace(")", " ) ").split():
        count += not inside and token != ")"
        inside = token == "(" or (inside and token != ")")
    return _exactly(count)


def _part(run: Interpreter, tensor: Tensor, depth: int) -> Rank:
    """``x[0]``, ``x[:, -1]``, a part of what was split."""
    inner, index = tensor.inputs[0], tensor.args.positional[1] if tensor.args is not None else None
    split = type(inner) is Tensor and inner.name in ("chunk", "split", "tensor_split", "split_with_sizes")
    if type(inner) is Tensor and (split or inner.name == "unbind"):
        return of(run, inner, depth + 1)
    before = of(run, inner, depth + 1)
    if type(index) is Const and type(index.value) is int:
        return _more(before, -1)
    if type(index) is not Tuple or any(type(part) is Tensor for part in index.items):
        return UNKNOWN
    numbers = [part.value for part in index.items if type(part) is Const and part.value is not ...]
    return _more(before, sum(1 if number is None else -1 for number in numbers))


def _widest(run: Interpreter, tensor: Tensor, before: Rank, depth: int) -> Rank:
    """What operands of several numbers of axes are broadcast to."""
    others = [value for value in tensor.inputs[1:] if type(value) is Tensor] if tensor.op in vocabulary.MERGES else []
    if not others:
        return before
    ranks = [before, *[of(run, value, depth + 2) for value in others]]
    known = [rank.exact for rank in ranks if rank.exact is not None]
    return Rank(max(rank.least for rank in ranks), max(known) if len(known) == len(ranks) else None)


def _product(run: Interpreter, tensor: Tensor, depth: int) -> Rank:
    if tensor.name in ("bmm", "baddbmm"):
        return _exactly(3)
    if tensor.name in ("mm", "addmm"):
        return _exactly(2)
    if tensor.name == "einsum":
        equation = summation(tensor)
        return _exactly(len(equation[1])) if equation is not None else UNKNOWN
    operands = [of(run, value, depth + 1) for value in factors(tensor)]
    if tensor.name not in ("matmul", "@", "__matmul__") or len(operands) != 2:
        return UNKNOWN
    known = [rank.exact for rank in operands if rank.exact is not None and rank.exact > 1]
    return Rank(max(rank.least for rank in operands), max(known) if len(known) == 2 else None)


def factors(tensor: Tensor) -> tuple[Value, ...]:
    """The two operands of a matrix product, or all of an ``einsum``."""
    if tensor.name == "@" and isinstance(tensor.extra, tuple):
        return tensor.extra
    values = tuple(tensor.args.positional) if tensor.args is not None and not tensor.args.open else ()
    return values[1:] if tensor.name in ("einsum", "baddbmm") else values


def summation(tensor: Tensor) -> tuple[list[str], str] | None:
    """The axes of the operands and of the result of an ``einsum``, by their letters."""
    first = tensor.args.get(0, "equation") if tensor.args is not None else None
    text = first.value if type(first) is Const else None
    if not isinstance(text, str) or "..." in text or "->" not in text:
        return None
    left, _, right = text.replace(" ", "").partition("->")
    return left.split(","), right
