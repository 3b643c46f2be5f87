"""Statements without effect: a result that nobody keeps, a method that is named and not called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import DroppedResult, UncalledMethod
from dnnlint.script import ir, spelling
from dnnlint.script.code import Bound
from dnnlint.script.facts import purpose
from dnnlint.script.networks import naming
from dnnlint.script.tables.tensors import HOST, METHODS
from dnnlint.script.values import Const, Ext, Obj, Tensor, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOVES = frozenset(
    {"to", "cuda", "cpu", "float", "half", "double", "long", "int", "bool", "bfloat16", "type", "detach"}
)
_TIMED = frozenset({"matmul", "linear", "conv", "conv_transpose", "linalg", "random", "fft", "attention", "distance"})
_VAGUE = frozenset({"unknown", "module", "output", "batch"})
_TENSOR = re.compile(
    r"(?:^|_)(?:x|y|xs|ys|xb|yb|images?|imgs?|labels?|targets?|tensors?|pixels?|masks?|ids|noise|tokens|gts?)$",
    re.IGNORECASE,
)
_OWN_KIND = re.compile(r"^(?:data|batch|graph|g|sample|enc\w*|tok\w*)\d*$")  # what `to` may move in place
_METHODS = {
    "module": frozenset({"train", "eval", "zero_grad", "cuda", "cpu", "half", "float", "double", "requires_grad_"}),
    "optimizer": frozenset({"step", "zero_grad"}),
    "scheduler": frozenset({"step"}),
    "scaler": frozenset({"update"}),
}
_NAMED = (
    (re.compile(r"optim|opt(?:_|$)|^opt", re.IGNORECASE), _METHODS["optimizer"]),
    (re.compile(r"sched", re.IGNORECASE), _METHODS["scheduler"]),
    (re.compile(r"scaler", re.IGNORECASE), _METHODS["scaler"]),
    (re.compile(r"loss", re.IGNORECASE), frozenset({"backward"})),
)
_FLAGGED = frozenset({
    "relu", "relu6", "silu", "mish", "hardswish", "hardsigmoid", "selu", "elu", "celu", "leaky_relu", "rrelu",
})  # fmt: skip
_QUESTIONS = frozenset({"torch.cuda.is_available", "torch.backends.mps.is_available", "torch.distributed.is_available"})


def dropped(run: Interpreter, node: Any, value: Value) -> None:
    """A call stood alone, and what it gave is gone."""
    func = node.func
    spelled = spelling.spell(func)
    name = spelled.rpartition(".")[2]
    if name == "..." or name.endswith("_") or "..." in spelled or _into_place(node):
        return
    if type(value) is Obj or (type(value) is Tensor and type(func) is ir.Attr and value.layer is None):
        certain = _method_dropped(run, func, name, value, spelled)
    else:
        certain = True if type(value) is Tensor and value.at == run.place(node) and _layer_dropped(run, value) else None
    if certain is not None and not purpose.unit_test(run.frame.module.path):
        if type(func) is ir.Attr and name in ("to", "cuda"):
            run.record.unmoved.update(id(option) for option in options(run.evaluate(func.value)))
        run.record.state(DroppedResult(run.place(node), spelled, name in _MOVES, certain))


def _into_place(node: Any) -> bool:
    """Whether a call writes into a tensor that it is given."""
    flags = [value for name, value in node.keywords if name in ("out", "inplace")]
    flags += node.args[1:2] if getattr(node.func, "name", "") in _FLAGGED else []
    return any(type(flag) is not ir.Const or flag.value is True for flag in flags if _may_be_flag(flag))


def _may_be_flag(node: Any) -> bool:
    return type(node) is not ir.Const or isinstance(node.value, bool)


def _method_dropped(run: Interpreter, func: Any, name: str, value: Value, spelled: str) -> bool | None:
    """Whether a new tensor was dropped: certainly, by its name, or (None) not at all."""
    if type(func) is not ir.Attr:
        return None
    receiver = run.evaluate(func.value)
    if type(receiver) is Ext:
        if not receiver.dotted.startswith("torch"):  # NumPy shuffles and fills in place
            return None
        return (
            True if type(value) is Tensor and value.op not in _TIMED and value.op in _KINDS and _inside(run) else None
        )
    if name not in METHODS or name in HOST or not (name in _MOVES or _inside(run)):
        return None
    states = {_is_tensor(option, spelled.rpartition(".")[0]) for option in options(receiver)}
    if name not in _MOVES:
        return True if states == {True} else None
    return None if None in states or not states else states == {True}


_KINDS = frozenset(METHODS.values()) | {"dropout", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "pool", "cat"}


def _is_tensor(receiver: Value, spelled: str) -> bool | None:
    """Whether a receiver is a tensor: True if known, False if its name says so, None if it may be anything."""
    last = spelled.rpartition(".")[2]
    if type(receiver) is Tensor and receiver.op not in _VAGUE:
        return None if receiver.op == "fresh" and not last else True
    if type(receiver) is Tensor and receiver.op == "output":
        return True if receiver.call is not None else None
    if type(receiver) is Tensor and receiver.op == "batch":
        return False if receiver.extra is not None or ("[" in last and not _OWN_KIND.match(last)) else None
    if type(receiver) is not Obj or receiver.kind != "opaque" or naming.network_like(receiver):
        return None
    unpacked = receiver.name == last and any(type(one) is Obj and purpose.loads(one.name) for one in receiver.sources)
    return False if unpacked or _TENSOR.search(last) else None


def _inside(run: Interpreter) -> bool:
    """Whether control is in a function or a loop; at the top level a notebook shows what is not kept."""
    return run.frame.function is not None or bool(run.loops)


def _layer_dropped(run: Interpreter, value: Tensor) -> bool:
    """Whether the result of one layer of a network was dropped in its forward; some layers work in place."""
    layer = value.layer
    if layer is None or not run.forwards or value.call is not None or "$spec" not in layer.fields:
        return False
    flag = layer.fields["$args"].get("inplace")
    return flag is None or (type(flag) is Const and flag.value is False)


def uncalled(run: Interpreter, receiver: Value, node: Any, value: Value) -> None:
    """An attribute stood alone as a statement."""
    if (
        type(value) is not Obj
        and type(value) is not Tensor
        and type(value).__name__ not in ("Bound", "Method", "Union")
    ):
        return
    states = {_has(option, node.name, value) for option in options(receiver)}
    if states and None not in states:
        spelled = spelling.spell(node)
        if spelled.startswith("..."):
            spelled = node.name
        run.record.state(UncalledMethod(run.place(node), spelled, False, states == {True}))


def _has(receiver: Value, name: str, value: Value) -> bool | None:
    """Whether a receiver has a method of that name: True if known, False if its name says so, None if not."""
    if type(receiver) is Tensor:
        return (
            (receiver.op not in ("batch", "unknown"))
            if name == "backward" or (name in METHODS and name[-1] == "_")
            else None
        )
    if type(receiver) is not Obj:
        return None
    if type(value) is Bound:
        return True if receiver.kind == "module" or name in ("step", "zero_grad") else None
    if receiver.kind in _METHODS:
        return True if name in _METHODS[receiver.kind] else None
    if receiver.kind != "opaque":
        return None
    if name in ("train", "eval", "zero_grad") and naming.network_like(receiver):
        return False
    if name == "backward" and receiver.sources:
        return False
    return False if any(pattern.search(receiver.name) and name in names for pattern, names in _NAMED) else None


def tested(run: Interpreter, value: Value, node: Any) -> None:
    """A function stood as a condition, where its answer was meant."""
    if type(value) is Ext and value.dotted in _QUESTIONS:
        run.record.state(UncalledMethod(run.place(node), spelling.spell(node), True, True))
