"""Gradients written by hand: how many a backward returns for the inputs of its forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import CustomGradient
from dnnlint.script import inlining, ir, mentions
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.values import Const, Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def state(run: Interpreter, cls: Class) -> None:
    """State what each return of a backward gives."""
    forward, backward = cls.names.get("forward"), cls.names.get("backward")
    if type(forward) is not Func or type(backward) is not Func or type(backward.node) is not ir.FunctionDef:
        return
    params = forward.node.params
    if params.varargs is not None or params.keyword_only or params.kwargs is not None:
        return
    most = len(params.positional) - (type(cls.find("setup_context")) is not Func)
    least = most - len([name for name in params.positional if name in params.defaults])
    path = backward.module.path
    inside = list(mentions.nodes(backward.node.body))
    if any(type(node) in (ir.FunctionDef, ir.Lambda) for node in inside):
        return
    returns = [node for node in inside if type(node) is ir.Return]
    counts = [(node.at, _written(node.value, most)) for node in returns]
    if len(returns) == 1 and counts[0][1] is None:
        counts = [(returns[0].at, _run(run, backward))]
    for at, count in counts:
        if count is not None:
            place, origin = Place(path, at), Place(path, forward.node.at)
            run.record.state(CustomGradient(place, origin, cls.name, count, least, most))


def _written(value: Any, most: int) -> int | None:
    """How many gradients a return spells out; None at the end may be too many."""
    if type(value) is not ir.Seq or value.kind != "tuple" or any(type(item) is ir.Starred for item in value.items):
        return None
    count = len(value.items)
    while count > most and type(value.items[count - 1]) is ir.Const and value.items[count - 1].value is None:
        count -= 1
    return count


def _run(run: Interpreter, backward: Func) -> int | None:
    """How many gradients a backward returns by way of a name."""
    names = backward.node.params.positional
    if backward.node.params.varargs is not None:
        return None
    given: list[Value] = [Obj("opaque", name="ctx"), *[Tensor("input", (), attached=False) for _ in names[1:]]]
    counts = {_count(option) for option in options(inlining.call_function(run, backward, Args(given), backward.node))}
    return counts.pop() if len(counts) == 1 else None


def _count(value: Value) -> int | None:
    if type(value) is Tuple:
        return len(value.items)
    if type(value) is Const and value.value is None:
        return 1
    return 1 if type(value) is Tensor and value.op not in ("unknown", "module") else None
