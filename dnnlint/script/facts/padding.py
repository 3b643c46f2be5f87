"""Whether sequences are padded to one length, and whether somebody picks what is not padding."""

from __future__ import annotations

from dnnlint.diagnostic import Place
from dnnlint.script import samples
from dnnlint.script.values import Const, Tensor, Union, Value

_DEEPEST = 40
_PICKED = frozenset({"masked_select", "pack_padded_sequence", "pack_sequence", "index_select"})


def of(value: Value) -> tuple[Place | None, bool]:
    """Where sequences of a target are padded to one length; and whether elements are picked out of it."""
    place: Place | None = None
    masked = False
    stack: list[Value] = [value]
    for one in stack:
        if len(stack) > _DEEPEST:
            break
        if type(one) is Union:
            stack.extend(one.options)
        if type(one) is not Tensor:
            continue
        if one.op == "batch":
            origin = samples.origin(one)
            if origin is None:  # a piece of a part: target[1:, :]
                stack.extend(one.inputs[:1])
            elif origin.kind == "whole" and origin.value is not None:
                stack.append(origin.value)
            continue
        if one.name == "pad_sequence":
            place = one.at
            given = one.args.get(2, "padding_value") if one.args is not None else None
            masked = masked or (type(given) is Const and given.value == -100)
            continue
        masked = masked or one.name in _PICKED or _picks(one) or one.op in ("masked_fill", "where", "scatter")
        stack.extend(one.inputs[:1])
    return place, masked


def _picks(tensor: Tensor) -> bool:
    """``target[mask]``."""
    return tensor.name == "[]" and tensor.args is not None and type(tensor.args.positional[1]) is Tensor
