"""Whether a target visibly cannot be negative, or lies between zero and one."""

from __future__ import annotations

import re
from typing import Any

from dnnlint.evidence import vocabulary
from dnnlint.script import spelling
from dnnlint.script.tables.losses import LossSpec
from dnnlint.script.values import Const, Tensor, Union, Value, options

_BOUNDED_NAME = re.compile(
    r"depth|count|mask|image|img|pixel|price|prob|dist(?:ance)?s?$|magnitude|energy|age$|length|size|area|volume|density|"
    r"heat|disparity|spectro|power|speed|intensity|iou|positive|nonneg|counts|duration|rate$",
    re.IGNORECASE,
)
_MOST_PARTS = 40  # nodes looked at behind a target
_NON_NEGATIVE = vocabulary.NON_NEGATIVE | {"clamp", "softplus", "log_softmax"}


def spelled(node: Any, spec: LossSpec) -> bool:
    """Whether the name of a target says so."""
    index = spec.target[0] if spec.target is not None else 1
    written = spelling.spell(node.args[index]) if len(node.args) > index else ""
    return bool(_BOUNDED_NAME.search(written.rpartition(".")[2]))


def bounded(target: Value, prediction: Value) -> bool:
    """Whether the target visibly lies in [0, inf) or [0, 1], or is the network's own input."""
    seen: list[Value] = [target]
    for value in seen:
        if len(seen) > _MOST_PARTS:
            break
        if type(value) is Union:
            seen.extend(value.options)
        if type(value) is not Tensor:
            continue
        if value.op in _NON_NEGATIVE or (value.op == "fresh" and _positive_draw(value)):
            return True
        if value.op == "div" and isinstance(value.extra, tuple) and _is_number(value.extra[1], 255):
            return True
        if value.op == "batch" and isinstance(value.extra, str) and _BOUNDED_NAME.search(value.extra):
            return True
        if value.op in ("view", "cut"):
            seen.extend(value.inputs)
    return _is_input(target, prediction)


def _positive_draw(value: Tensor) -> bool:
    return isinstance(value.extra, tuple) and value.extra[0] in ("uniform", "count", "drawn", "hot")


def _is_number(value: Value, number: float) -> bool:
    return type(value) is Const and value.value in (number, float(number))


def _is_input(target: Value, prediction: Value) -> bool:
    """An autoencoder's target is what the network was given."""
    for option in options(prediction):
        if type(option) is Tensor and option.op == "output":
            for value in option.inputs[1:]:
                if value is target or _source(value) is _source(target):
                    return True
    return False


def _source(value: Value) -> Value:
    while type(value) is Tensor and value.op == "view" and value.inputs:
        value = value.inputs[0]
    return value
