"""Dropout written by hand: a random mask of zeros and ones, and whether what it leaves is scaled up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dnnlint.diagnostic import Place
from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import MaskedOut
from dnnlint.script import flow, ir
from dnnlint.script.events import guards
from dnnlint.script.values import Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_COMPARING = frozenset({"<", ">", "<=", ">=", "lt", "gt", "le", "ge"})
_DROPPING = re.compile(r"drop", re.IGNORECASE)
_HIDDEN = vocabulary.WEIGHTED | vocabulary.ACTIVATIONS | vocabulary.NORMALISATIONS
_FARTHEST = 5


class Masked(NamedTuple):
    """A tensor times a random mask."""

    product: Tensor
    rest: Tensor
    place: Place
    mask: Place


def combined(run: Interpreter, made: Tensor, left: Value, right: Value) -> None:
    """A product or quotient was made: of a mask, or of what a mask left over and a number."""
    known = run.record.masked
    if type(left) is not Tensor or type(right) is not Tensor:
        one = left if type(left) is Tensor else right
        other = right if one is left else left
        if type(one) is Tensor and not flow.tensorial(other):
            known.pop(id(one), None)
            run.record.scaled[id(one)] = one
        return
    if made.op != "mul":
        return
    for mask, rest in ((left, right), (right, left)):
        drawn = _random_mask(mask)
        if drawn is not None and _random_mask(rest) is None and id(rest) not in run.record.scaled:
            if (_said(run) or _hidden(rest)) and not _scaled_elsewhere(run, made):
                known[id(made)] = Masked(made, rest, made.at, drawn.at)
            return


def _scaled_elsewhere(run: Interpreter, made: Tensor) -> bool:
    """Whether the function multiplies by a name in another place, perhaps in the mode that was not followed."""
    body = run.frame.function.node.body if run.frame.function is not None else []
    plain = (ir.Name, ir.Attr, ir.Const, ir.BinOp)
    return any(
        type(part) is ir.BinOp
        and part.op in "*/"
        and part.at != made.at.node
        and type(part.left) in plain
        and type(part.right) in plain
        for part in guards.walk(body)
    )


def _random_mask(value: Tensor) -> Tensor | None:
    """The comparison or draw that a mask of zeros and ones comes from, if nothing has scaled it."""
    for _ in range(_FARTHEST):
        if value.name in ("bernoulli", "bernoulli_"):
            return value
        if value.op == "cut" and value.name in _COMPARING:
            parts = [part for part in value.inputs if type(part) is Tensor]
            return value if len(parts) == 1 and _uniform(parts[0]) else None
        if value.op not in ("view", "cut") or not value.inputs or type(value.inputs[0]) is not Tensor:
            return None
        value = value.inputs[0]
    return None


def _uniform(value: Tensor) -> bool:
    return value.op in ("fresh", "cut") and value.name in ("rand", "rand_like", "uniform_")


def _said(run: Interpreter) -> bool:
    """Whether names speak of dropout."""
    frames = [frame for frame in run.frames[1:] if frame.function is not None]
    owners = [frame.function.owner for frame in frames if frame.function is not None]
    names = [*[frame.name for frame in frames[-1:]], *[owner.name for owner in owners[-1:] if owner is not None]]
    return any(map(_DROPPING.search, names))


def _hidden(value: Tensor) -> bool:
    """Whether a tensor comes straight out of a layer or an activation."""
    for _ in range(_FARTHEST):
        if value.op in _HIDDEN:
            return True
        if value.op != "view" or not value.inputs or type(value.inputs[0]) is not Tensor:
            return False
        value = value.inputs[0]
    return False


def complete(run: Interpreter) -> None:
    """State the masked tensors that nothing has scaled."""
    for one in run.record.masked.values():
        if id(one.rest) not in run.record.scaled:
            run.record.state(MaskedOut(one.place, one.mask))
