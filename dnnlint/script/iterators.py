"""Python's functions that yield: range, enumerate, zip and the progress bars around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import flow, iteration, parameters
from dnnlint.script.code import Args, Handler
from dnnlint.script.lattice import join
from dnnlint.script.tables import inert
from dnnlint.script.values import Const, Iteration, Obj, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_LONGEST_RANGE = 24


def _items(run: Interpreter, args: Args, node: Any) -> Value:
    first = args.get(0, "iterable")
    if first is None:
        return Iteration(None, flow.unknown(()), None)
    return iteration.iterate(run, first, node)


def _pairs(run: Interpreter, args: Args, node: Any) -> Value:
    inner = _items(run, args, node)
    assert type(inner) is Iteration
    if inner.items is not None:
        made = Iteration([Tuple((Const(i), item)) for i, item in enumerate(inner.items)], None, inner.source)
        made.wrapped, made.count = inner.wrapped, inner.count
        return made
    made = Iteration(None, Tuple((Const(...), iteration.element(run, inner, node))), inner.source)
    made.count = inner.count
    return made


def _zip(run: Interpreter, args: Args, node: Any) -> Value:
    parts = [iteration.iterate(run, value, node) for value in args.positional]
    known = [part.items for part in parts if type(part) is Iteration and part.items is not None]
    source = next((part.source for part in parts if type(part) is Iteration and part.source is not None), None)
    if known and len(known) == len(parts):
        return Iteration([Tuple(tuple(row)) for row in zip(*known, strict=False)], None, source)
    return Iteration(None, Tuple(tuple([iteration.element(run, part, node) for part in parts])), source)


def _chain(run: Interpreter, args: Args, node: Any) -> Value:
    if args.positional and all(
        type(option) is Obj and option.kind == "parameters" for value in args.positional for option in options(value)
    ):
        owners, known = parameters.owners(Tuple(tuple(args.positional)))
        return parameters.once(owners, known and not args.open, run.place(node))
    parts = [iteration.iterate(run, value, node) for value in args.positional]
    known_items = [part.items for part in parts if type(part) is Iteration and part.items is not None]
    if parts and len(known_items) == len(parts):
        return Iteration([item for items in known_items for item in items], None, None)
    elements = [iteration.element(run, part, node) for part in parts]
    return Iteration(None, join(elements) if elements else flow.unknown(()), None)


def _product(run: Interpreter, args: Args, node: Any) -> Value:
    axes = [iteration.iterate(run, value, node) for value in args.positional]
    row = Tuple(tuple([iteration.element(run, axis, node) for axis in axes]))
    made = Iteration(None, row if axes and not args.open else flow.unknown(()), None)
    source = Obj("product", None, run.place(node))
    source.fields["$axes"] = tuple(axes)
    source.fields["$open"] = args.open
    source.fields["$names"] = tuple([getattr(value, "name", "") for value in args.positional])
    made.source = source
    return made


def _range(run: Interpreter, args: Args, node: Any) -> Value:
    numbers = [value.value for value in args.positional if type(value) is Const and type(value.value) is int]
    if numbers and len(numbers) == len(args.positional) <= 3:
        try:
            span = range(*numbers)
            short = len(span) <= _LONGEST_RANGE
        except (TypeError, ValueError, OverflowError):
            return Iteration(None, Const(...), None)
        if short:
            made = Iteration([Const(i) for i in span], None, None)
            made.count, made.span = _rounds(args), _span(span)
            return made
    else:
        span = range(0)
    made = Iteration(None, Const(...), None)
    made.wrapped, made.count, made.span = "range", _rounds(args), _span(span)
    return made


def _span(numbers: range) -> tuple[int, int] | None:
    """The ends of a range of neighbours."""
    return (numbers.start, numbers.stop) if numbers.step == 1 and len(numbers) else None


def _rounds(args: Args) -> Value | None:
    """How often a range yields; one that begins where it was left, such as at ``start_epoch``, is taken as whole."""
    if len(args.positional) != 2:
        return args.positional[0] if len(args.positional) == 1 else None
    start, stop = args.positional
    if type(start) is Const and type(start.value) is int and type(stop) is Const and type(stop.value) is int:
        return Const(stop.value - start.value, stop.soft)
    return stop


_SHAPES: dict[str, Callable[[Any, Args, Any], Value]] = {
    "items": _items, "pairs": _pairs, "zip": _zip, "chain": _chain, "product": _product, "range": _range,
}  # fmt: skip


HANDLERS: dict[str, Handler] = {name: _SHAPES[shape] for name, shape in inert.ITERATION_WRAPPERS.items()}
