"""Shapes of NumPy arrays and pandas tables: opaque objects with a note of what made them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dnnlint.evidence.script import Extent
from dnnlint.script import objects
from dnnlint.script.code import Args
from dnnlint.script.reshaping import SCALAR, UNKNOWN, sizes
from dnnlint.script.tables import words
from dnnlint.script.values import Const, Ext, Obj, Tensor, Tuple, Value

FRAME = "pandas.DataFrame"
ROW = Extent((None,), False)
TABLE = Extent((None, None), False)
Shape = Callable[[Value], Extent]
_READ = frozenset(words("read_csv read_excel read_parquet read_table DataFrame get_dummies"))
_TEXTS = frozenset({"loadtxt", "genfromtxt"})
_ALIKE = frozenset(
    words("""dropna fillna copy reset_index set_index drop sort_values sample head tail query astype replace round clip
        shift ffill bfill interpolate map apply applymap abs drop_duplicates sort_index rename to_numpy values iloc loc
        array float32 float64 int64 nan_to_num log log1p log2 log10 exp expm1 sqrt square sin cos tan tanh sign floor
        ceil rint negative absolute diff tolist ascontiguousarray asfarray""")
)
_MADE = frozenset(words("zeros ones empty full rand randn eye identity"))
_DRAWN = frozenset(words("normal uniform randint random random_sample standard_normal choice"))
_LINES = frozenset(words("arange linspace ravel flatten unique bincount digitize"))
_STATISTICS = frozenset(words("mean std var min max sum median prod ptp argmax argmin nanmean nanstd quantile"))
_PLAIN = frozenset(words("values columns index shape iloc loc dtypes dtype size empty at iat T ndim axes attrs plot"))
_ARITHMETIC = frozenset({"+", "-", "*", "/", "**", "//", "%", "maximum", "minimum", "add", "subtract", "multiply"})
_COMPARED = frozenset({"==", "!=", "<", ">", "<=", ">="})


class Made(NamedTuple):
    """What made an array: a function, method or operator, and what it was given, a receiver first."""

    name: str
    args: Args


def note(obj: Obj, name: str, args: Args) -> Obj:
    """Remember what an array was made by."""
    obj.fields["$made"] = Made(name, args)
    return obj


def is_array(value: Value) -> bool:
    """Whether it is noted what made a value, so that its shape may be known."""
    return type(value) is Obj and ("$made" in value.fields or value.cls == FRAME)


def dtype(obj: Obj, kind: Callable[[Value], str | None]) -> str | None:
    """Whether an array, or a number of which only that is known, is whole or real."""
    made: Made | None = obj.fields.get("$made")
    if made is None:
        found: str | None = obj.fields.get("$number")
        return found
    given = made.args.keywords.get("dtype") or (made.args.get(1, "dtype") if made.name == "astype" else None)
    if given is not None or made.name in ("float32", "float64", "int64", "int32"):
        written = given.dotted if type(given) is Ext else given.value if type(given) is Const else made.name
        return _named(str(written)) if given is None or type(given) in (Ext, Const) else None
    if made.name in _MADE or made.name in ("normal", "uniform", "linspace", "random", "standard_normal"):
        return "float"
    if made.name in ("randint", "argmax", "argmin", "permutation"):
        return "int"
    first = _first(made.args)
    same = made.name in ("[]", "[:]", "copy", "ravel", "flatten", "values", "to_numpy", "ascontiguousarray")
    return kind(first) if same and first is not None else None


def _named(written: str) -> str | None:
    short = written.rpartition(".")[2]
    return "float" if short.startswith(("float", "f")) else "int" if short.startswith(("int", "long", "i8")) else None


def extent(obj: Obj, shape: Shape) -> Extent:
    """The shape of an array, table or column."""
    if obj.cls == FRAME:
        return TABLE
    made: Made | None = obj.fields.get("$made")
    if made is not None:
        return _made(made.name, made.args, shape)
    if "$number" in obj.fields:
        return SCALAR
    if len(obj.sources) != 1 or type(obj.sources[0]) is not Obj:
        return UNKNOWN
    (source,) = obj.sources
    if obj.name[:1] == "[":
        inner = shape(source)
        if obj.name[1:-1].lstrip("-").isdigit() and not _table(source):
            return inner if inner.open or not inner.axes else Extent(inner.axes[1:], False)
        return ROW if inner.rank == 2 else UNKNOWN
    if obj.name in ("values", "iloc", "loc", "array"):
        return shape(source)
    return ROW if obj.name not in _PLAIN and _table(source) else UNKNOWN  # df.price


def _table(value: Value | None) -> bool:
    """Whether a value is a table of pandas, whose columns have names."""
    while type(value) is Obj and value.cls != FRAME:
        made = value.fields.get("$made")
        if made is not None and made.name in _ALIKE | {"[:]", "concat"} - {"to_numpy", "values", "array"}:
            value = _first(made.args)
        elif made is not None and made.name == "[]":
            key = made.args.positional[1]
            if type(key) is Tuple:
                return False
            value = made.args.positional[0]
        elif value.name in ("iloc", "loc") and made is None and value.sources:
            value = value.sources[0]
        else:
            return made is not None and made.name in _READ
    return type(value) is Obj


def _first(args: Args) -> Value | None:
    return args.positional[0] if args.positional else next(iter(args.keywords.values()), None)


def _made(name: str, args: Args, shape: Shape) -> Extent:
    if name in _TEXTS:  # with a delimiter there is more than one column
        return TABLE if "delimiter" in args.keywords else UNKNOWN
    if name in _READ:
        return TABLE
    if name in ("eye", "identity"):
        return Extent((None, None), False)
    if name in _MADE:
        given = args.get(0, "shape")
        return sizes(args.positional[:1] if name == "full" else args.positional) if given is not None else UNKNOWN
    if name in _DRAWN:
        size = args.keywords.get("size")
        return sizes([size]) if size is not None else UNKNOWN
    first = _first(args)
    if name in _LINES or (name == "permutation" and first is not None and shape(first) in (SCALAR, UNKNOWN)):
        return ROW
    inner = shape(first) if first is not None else UNKNOWN
    if name in _ALIKE or name == "permutation":
        return inner
    if name in _ARITHMETIC or name in _COMPARED:
        return _broadcast([shape(value) for value in args.positional[:2]])
    if name == "[:]":
        return Extent((None, *inner.axes[1:]), False) if inner.axes and not inner.open else UNKNOWN
    if name == "[]" and not inner.open:
        return _chosen(inner, args.positional[1], first, shape)
    if name in _STATISTICS and not inner.open:
        return _statistic(inner, args, first)
    return UNKNOWN


def _statistic(inner: Extent, args: Args, first: Value | None) -> Extent:
    given = args.get(1, "axis")
    if given is None:
        return ROW if inner.rank == 2 and _table(first) else SCALAR
    fits = (
        type(given) is Const and type(given.value) is int and given.value < len(inner.axes) and len(args.values()) == 2
    )
    return Extent(inner.axes[:-1], False) if fits and inner.axes else UNKNOWN


def _broadcast(shapes: list[Extent]) -> Extent:
    known = [one for one in shapes if one != SCALAR]
    if not known:
        return SCALAR if shapes else UNKNOWN
    if len(known) == 1:
        return known[0]
    return known[0] if not known[0].open and known[0] == known[1] else UNKNOWN


def _chosen(inner: Extent, index: Value, first: Value | None, shape: Shape) -> Extent:
    """``x[index]``, ``frame.iloc[rows, column]``, ``frame[["a", "b"]]``."""
    parts = list(index.items) if type(index) is Tuple else [index]
    if type(first) is Obj and _table(first) and first.name not in ("iloc", "loc") and len(parts) == 1:
        names = objects.known_items(index)
        return Extent((None, len(names)), False) if names else TABLE
    left = list(inner.axes)
    axes: list[int | None] = []
    for part in parts:
        if type(part) is Const and part.value is None:
            axes.append(1)
            continue
        if not left:
            return UNKNOWN
        left.pop(0)
        kind = type(part)
        if kind is Obj and (part.name == "slice" or part.kind == "list"):  # type: ignore[attr-defined]
            axes.append(None)
        elif kind is Obj and "$index" in part.fields:  # type: ignore[attr-defined]
            continue
        elif kind is Obj or kind is Tensor:
            rows = shape(part)
            if rows.open or (rows.rank or 0) > 1:
                return UNKNOWN
            axes.extend(rows.axes)
        elif kind is not Const or (part.value is ... and len(parts) > 1):  # type: ignore[attr-defined]
            return UNKNOWN
    return Extent((*axes, *left), False)


def literal_length(value: Value) -> int | None:
    """How many members a list has that did not grow in a loop."""
    items = objects.known_items(value)
    grown = type(value) is Obj and "$growing" in value.fields
    return len(items) if items is not None and not grown else None
