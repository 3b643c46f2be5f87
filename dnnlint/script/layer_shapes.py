"""What layers and functions make of a shape, and which shapes a layer refuses."""

from __future__ import annotations

from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import Extent
from dnnlint.script import objects, parameters
from dnnlint.script.tables import words
from dnnlint.script.tables.layers import LayerSpec
from dnnlint.script.values import Const, Obj, Tensor, Value

UNKNOWN = Extent()
SAME = vocabulary.ACTIVATIONS | vocabulary.NORMALISATIONS | {"dropout", "clamp", "neg", "exp", "abs"}
_KEPT = frozenset(words("contiguous to float half double cuda cpu type clone bfloat16 detach"))
_HEADS = {"MultiheadAttention": ("embed_dim", "num_heads"), "TransformerEncoderLayer": ("d_model", "nhead"),
          "TransformerDecoderLayer": ("d_model", "nhead"), "Transformer": ("d_model", "nhead")}  # fmt: skip
Clash = tuple[str, int, int]  # what is counted, how many are expected, how many there are


def whole(value: Value | None) -> int | None:
    """A known whole number."""
    return value.value if type(value) is Const and type(value.value) is int else None


def _name(layer: Obj) -> str:
    return str(layer.cls).rpartition(".")[2]


def _sizes(value: Value | None, dims: int, default: int | None) -> list[int | None]:
    if value is None:
        return [default] * dims
    items = objects.known_items(value)
    if items is not None:
        return [whole(item) for item in items] if len(items) == dims else [None] * dims
    return [whole(value)] * dims


# what a layer is built for


def built_for(layer: Obj) -> Clash | None:
    """Arguments of one constructor that contradict each other: what, the divisor, the number that it must divide."""
    spec: LayerSpec = layer.fields["$spec"]
    args: dict[str, Value] = layer.fields["$args"]
    pairs = []
    if spec.kind in ("conv", "conv_transpose"):
        pairs = [("input channels", "groups", "in_channels"), ("output channels", "groups", "out_channels")]
    elif spec.kind == "groupnorm":
        pairs = [("channels", "num_groups", "num_channels")]
    elif _name(layer) in _HEADS:
        width, heads = _HEADS[_name(layer)]
        pairs = [("features", heads, width)]
    for what, divisor, number in pairs:
        by, total = whole(args.get(divisor)), whole(args.get(number))
        if by and total and total % by:
            return what, by, total
    return None


def clash(layer: Obj, op: str, given: Extent) -> Clash | None:
    """What a layer expects and does not get."""
    spec: LayerSpec = layer.fields["$spec"]
    args: dict[str, Value] = layer.fields["$args"]
    wanted: int | None = None
    position, what = -1, "features"
    if op == "linear" or op == "recurrent":
        wanted = whole(args.get(spec.fan[0])) if spec.fan else None
    elif op in ("conv", "conv_transpose") and spec.dims and spec.fan:
        wanted, position, what = whole(args.get(spec.fan[0])), -1 - spec.dims, "channels"
    elif op in ("batchnorm", "groupnorm") and not given.open and len(given.axes) > 1:
        wanted, what = whole(args.get("num_features" if op == "batchnorm" else "num_channels")), "channels"
        position = 1 - len(given.axes)
    elif op in ("layernorm", "rmsnorm"):
        wanted = _sizes(args.get("normalized_shape"), 1, None)[0]
    elif _name(layer) in _HEADS and op in ("attention", "transformer"):
        wanted = whole(args.get(_HEADS[_name(layer)][0]))
    if wanted is None or len(given.axes) < -position:
        return None
    got = given.axes[position]
    return (what, wanted, got) if got is not None and got != wanted else None


# what comes out


def applied(layer: Obj, op: str, inner: Extent) -> Extent:
    """The shape of a layer's output."""
    spec: LayerSpec = layer.fields["$spec"]
    units = parameters.units(layer)
    if op == "linear":
        return Extent((units,), True) if inner.open or not inner.axes else Extent((*inner.axes[:-1], units), False)
    if op == "embedding" and _name(layer) == "Embedding":
        width = whole(layer.fields["$args"].get("embedding_dim"))
        return Extent((width,), True) if inner.open else Extent((*inner.axes, width), False)
    if op in ("conv", "conv_transpose") and spec.dims:
        return Extent((None if inner.open else inner.axes[0], units, *_convolved(layer, op, spec, inner)), False)
    if op == "recurrent":
        return _recurrent(layer, inner)
    if op == "pool":
        return _pooled(layer, inner)
    if op in SAME or _name(layer) in ("Identity", *_HEADS):
        return inner
    return _flattened(layer, inner) if _name(layer) == "Flatten" else UNKNOWN


def _flattened(layer: Obj, inner: Extent) -> Extent:
    start = layer.fields["$args"].get("start_dim")
    if (start is not None and whole(start) != 1) or "end_dim" in layer.fields["$args"]:
        return UNKNOWN
    return flat(inner)


def flat(inner: Extent) -> Extent:
    """All axes but the first in one."""
    if inner.open or not inner.axes:
        return Extent((None, None), False)
    total: int | None = 1
    for axis in inner.axes[1:]:
        total = None if total is None or axis is None else total * axis
    return Extent((inner.axes[0], total), False)


def _spatial(inner: Extent, dims: int) -> list[int | None]:
    return list(inner.axes[-dims:]) if not inner.open and len(inner.axes) == dims + 2 else [None] * dims


def _convolved(layer: Obj, op: str, spec: LayerSpec, inner: Extent) -> list[int | None]:
    args, dims = layer.fields["$args"], spec.dims
    kernel, stride = _sizes(args.get("kernel_size"), dims, None), _sizes(args.get("stride"), dims, 1)
    dilation = _sizes(args.get("dilation"), dims, 1)
    padding = args.get("padding")
    if type(padding) is Const and padding.value == "same":
        return _spatial(inner, dims)
    pads = [0] * dims if type(padding) is Const and padding.value == "valid" else _sizes(padding, dims, 0)
    more = _sizes(args.get("output_padding"), dims, 0)
    out: list[int | None] = []
    for size, k, s, p, d, extra in zip(_spatial(inner, dims), kernel, stride, pads, dilation, more, strict=True):
        if size is None or k is None or s is None or p is None or d is None or extra is None or not s:
            out.append(None)
        elif op == "conv_transpose":
            out.append((size - 1) * s - 2 * p + d * (k - 1) + extra + 1)
        else:
            made = (size + 2 * p - d * (k - 1) - 1) // s + 1
            out.append(made if made > 0 else None)
    return out


def _recurrent(layer: Obj, inner: Extent) -> Extent:
    args = layer.fields["$args"]
    width, both = whole(args.get("hidden_size")), args.get("bidirectional")
    if "proj_size" in args or width is None or (both is not None and type(both) is not Const):
        return UNKNOWN
    width *= 2 if type(both) is Const and both.value else 1
    if both is not None and getattr(both, "value", None) is ...:
        return UNKNOWN
    return Extent((width,), True) if inner.open or not inner.axes else Extent((*inner.axes[:-1], width), False)


def _pooled(layer: Obj, inner: Extent) -> Extent:
    name, args = _name(layer), layer.fields["$args"]
    dims = int(name[-2]) if name[-1:] == "d" and name[-2:-1].isdigit() else 0
    if not dims or "LPPool" in name or "Fractional" in name or "return_indices" in args:
        return UNKNOWN
    if name.startswith("Adaptive"):
        return _resized(inner, dims, _sizes(args.get("output_size"), dims, None))
    return _resized(
        inner, dims, _windows(inner, dims, [args.get(key) for key in ("kernel_size", "stride", "padding")], args)
    )


def _windows(inner: Extent, dims: int, given: list[Value | None], rest: dict[str, Value]) -> list[int | None]:
    kernel = _sizes(given[0], dims, None)
    stride = list(kernel) if given[1] is None or getattr(given[1], "value", 0) is None else _sizes(given[1], dims, None)
    padding = _sizes(given[2], dims, 0)
    if "ceil_mode" in rest or "dilation" in rest:
        return [None] * dims
    out: list[int | None] = []
    for size, k, s, p in zip(_spatial(inner, dims), kernel, stride, padding, strict=True):
        made = None if size is None or k is None or not s or p is None else (size + 2 * p - k) // s + 1
        out.append(made if made is None or made > 0 else None)
    return out


def _resized(inner: Extent, dims: int, sizes: list[int | None]) -> Extent:
    if inner.open or len(inner.axes) != dims + 2:
        return UNKNOWN
    return Extent((*inner.axes[:2], *sizes), False)


# functions and methods


def function(tensor: Tensor, inner: Extent) -> Extent:
    """The shape that a function or method makes of its first argument."""
    name, args = tensor.name, tensor.args
    if tensor.op in SAME or name in _KEPT:
        return inner
    if args is None or args.open:
        return UNKNOWN
    if name == "flatten":
        return flat(inner) if whole(args.get(1, "start_dim")) == 1 and args.get(2, "end_dim") is None else UNKNOWN
    if tensor.op == "pool" and "pool" in name and name[-1:] == "d" and name[-2:-1].isdigit():
        dims = int(name[-2])
        if name.startswith("adaptive"):
            return _resized(inner, dims, _sizes(args.get(1, "output_size"), dims, None))
        given = [args.get(1, "kernel_size"), args.get(2, "stride"), args.get(3, "padding")]
        plain = len(args.positional) < 5
        return _resized(inner, dims, _windows(inner, dims, given, args.keywords)) if plain else UNKNOWN
    if name == "unsqueeze" and not inner.open:
        dim = whole(args.get(1, "dim"))
        if dim is not None and 0 <= dim <= len(inner.axes):
            return Extent((*inner.axes[:dim], 1, *inner.axes[dim:]), False)
    if name in ("permute", "transpose") and not inner.open:
        return _turned(name, [whole(value) for value in args.positional[1:]], inner)
    return _reduced(tensor, inner) if name == "mean" else UNKNOWN


def _turned(name: str, order: list[int | None], inner: Extent) -> Extent:
    rank = len(inner.axes)
    axes = [axis % rank for axis in order if axis is not None and -rank <= axis < rank] if rank else []
    if name == "permute" and sorted(axes) == list(range(rank)):
        return Extent(tuple([inner.axes[axis] for axis in axes]), False)
    if name == "transpose" and len(axes) == 2 == len(order):
        swapped = list(inner.axes)
        swapped[axes[0]], swapped[axes[1]] = swapped[axes[1]], swapped[axes[0]]
        return Extent(tuple(swapped), False)
    return UNKNOWN


def _reduced(tensor: Tensor, inner: Extent) -> Extent:
    dim = tensor.args.get(1, "dim") if tensor.args is not None else None
    if dim is None or inner.open or tensor.args is None or tensor.args.get(2, "keepdim") is not None:
        return UNKNOWN
    items = objects.known_items(dim)
    chosen = [whole(item) for item in items] if items is not None else [whole(dim)]
    rank = len(inner.axes)
    if any(axis is None or not -rank <= axis < rank for axis in chosen):
        return UNKNOWN
    gone = {axis % rank for axis in chosen if axis is not None}
    return Extent(tuple([size for index, size in enumerate(inner.axes) if index not in gone]), False)
