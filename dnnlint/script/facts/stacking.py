"""Affine layers that follow one another with nothing between that would bend what they compute."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.evidence.script import AffinePair
from dnnlint.script import objects, parameters
from dnnlint.script.facts import nodes
from dnnlint.script.values import Const, Obj, Tensor, Tuple, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_PLAIN = frozenset({"view", "dropout", "batchnorm"})
_ATTENDING = frozenset({"matmul", "attention", "softmax"})
_SPATIAL = frozenset({"PixelShuffle", "PixelUnshuffle", "Unfold", "Fold", "ChannelShuffle"})
_EXPANDED = re.compile(r"(?:^|_)d?ffn?(?:$|_)|feed_?forward|intermediate|mlp_|expan", re.IGNORECASE)
_FARTHEST = 6  # operations between two layers


def state(run: Interpreter, obj: Obj, operations: list[Tensor], result: Value | None) -> None:
    """State the pairs of layers in a network that one layer could do the work of."""
    consumers: dict[int, list[Tensor]] = {}
    for tensor in operations:
        for value in tensor.inputs:
            for source in nodes.sources(value):
                consumers.setdefault(id(source), []).append(tensor)
    returned = _parts(result)
    for tensor in operations:
        sure = _affine(tensor) and id(tensor) not in run.record.doubtful
        following = _following(tensor, consumers, returned) if sure else None
        if following is None or id(following) in run.record.doubtful:
            continue
        if not _affine(following) or not _redundant(tensor, following):
            continue
        if not _attends(tensor, following, consumers):
            run.record.state(AffinePair(nodes.title(obj), nodes.operation(tensor), nodes.operation(following)))


def _parts(value: Value | None, depth: int = 0) -> set[int]:
    """What a network hands out."""
    found: set[int] = set()
    if depth > 4:
        return found
    if type(value) is Tensor:
        found.add(id(value))
    elif type(value) is Union:
        found.update(*[_parts(one, depth + 1) for one in value.options])
    elif type(value) is Tuple:
        found.update(*[_parts(one, depth + 1) for one in value.items])
    elif type(value) is Obj and value.kind in ("list", "dict", "instance"):
        inner = [*objects.contents(value), *[one for one in value.fields.values() if isinstance(one, Value)]]
        found.update(*[_parts(one, depth + 1) for one in inner])
    return found


def _affine(tensor: Tensor) -> bool:
    return tensor.op in ("linear", "conv", "conv_transpose") and tensor.layer is not None


def _following(tensor: Tensor, consumers: dict[int, list[Tensor]], returned: set[int]) -> Tensor | None:
    """The layer that alone receives the output of another, unchanged but for its shape or scale."""
    current = tensor
    for _ in range(_FARTHEST):
        if id(current) in returned:
            return None
        following = consumers.get(id(current), [])
        if len(following) != 1 or len([one for one in following[0].inputs if type(one) is not Const]) != 1:
            return None
        current = following[0]
        if current.op not in _PLAIN:
            return current
        if current.layer is not None and str(current.layer.cls).rpartition(".")[2] in _SPATIAL:
            return None
    return None


def _redundant(first: Tensor, second: Tensor) -> bool:
    """Whether one layer could compute what two do: the width between them restricts nothing."""
    one, other = first.layer, second.layer
    if one is None or other is None or one is other or first.op == "conv_transpose" != second.op:
        return False
    if first.op == "linear" and second.op != "linear":
        return False
    width, inputs, outputs = parameters.units(one), _inputs(one), parameters.units(other)
    if width is None or inputs is None or outputs is None:
        if not _as_wide(one, other):
            return False
    elif width < min(inputs, outputs):
        return False  # a factorised layer, a bottleneck, or a code
    return _dense(one) and _dense(other) and not (first.op == "conv" and _pointwise(one, other))


def _as_wide(one: Obj, other: Obj) -> bool:
    """Whether a width that is not known is no bottleneck: that of the input or output, or called after expansion."""
    width = one.fields["$args"].get(one.fields["$spec"].fan[1])
    ends = one.fields["$args"].get(one.fields["$spec"].fan[0]), other.fields["$args"].get(other.fields["$spec"].fan[1])
    if type(width) is not Obj or not width.name:
        return False
    return any(width is end for end in ends) or (_EXPANDED.search(width.name) is not None and ends[0] is ends[1])


def _inputs(layer: Obj) -> int | None:
    """What one unit sees: channels alone for a convolution, since its neighbours see them again."""
    spec = layer.fields["$spec"]
    value = layer.fields["$args"].get(spec.fan[0]) if spec.fan else None
    return value.value if type(value) is Const and type(value.value) is int else None


def _dense(layer: Obj) -> bool:
    """Whether a layer joins all of its inputs, with a square kernel, and is no cutting into patches."""
    args = layer.fields["$args"]
    if layer.fields.get("$frozen") or getattr(layer.fields.get("$init"), "distribution", "") == "constant":
        return False  # a filter made by hand
    groups, kernel, stride = args.get("groups"), args.get("kernel_size"), args.get("stride")
    if groups is not None and not (type(groups) is Const and groups.value == 1):
        return False
    if layer.fields["$spec"].kind == "linear":
        bias = args.get("bias")
        return not (type(bias) is Const and bias.value is False)  # a linear map, and meant as one
    if type(kernel) is not Const or type(kernel.value) is not int:
        return False
    return kernel.value == 1 or not (type(stride) is Const and stride.value == kernel.value)


def _pointwise(one: Obj, other: Obj) -> bool:
    """A projection of channels before or after: 1x1 in one of two convolutions is a factorisation in common use."""
    kernels = [
        layer.fields["$args"].get("kernel_size") for layer in (one, other) if "kernel_size" in layer.fields["$args"]
    ]
    return len(kernels) == 2 and any(type(kernel) is Const and kernel.value == 1 for kernel in kernels)


def _attends(first: Tensor, second: Tensor, consumers: dict[int, list[Tensor]]) -> bool:
    """Whether a pair is a projection of attention: out of one, or into queries, keys and values."""
    before = [source for value in first.inputs for source in nodes.sources(value)]
    while len(before) == 1 and before[0].op == "view" and before[0].inputs:
        before = [source for value in before[0].inputs for source in nodes.sources(value)]
    if any(tensor.op in _ATTENDING for tensor in before):
        return True
    stack, seen = [second], 0
    while stack and seen < 20:
        current = stack.pop()
        seen += 1
        for tensor in consumers.get(id(current), []):
            if tensor.op in _ATTENDING - {"softmax"}:
                return True
            if tensor.op == "view":
                stack.append(tensor)
    return False
