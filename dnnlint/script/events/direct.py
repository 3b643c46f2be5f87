"""A network's forward called by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import DirectForward
from dnnlint.script import graph, ir
from dnnlint.script.code import Class, Func
from dnnlint.script.facts import purpose
from dnnlint.script.networks import naming
from dnnlint.script.values import Obj

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def forward(run: Interpreter, obj: Obj, node: Any) -> None:
    """``obj.forward(...)`` was called."""
    if type(node) is not ir.Call or type(node.func) is not ir.Attr:
        return
    known = obj.kind == "module" and not naming.is_loss(obj)
    if not known and not (obj.kind == "opaque" and naming.network_like(obj) and (node.args or node.keywords)):
        return  # a network of OpenCV takes its input elsewhere
    if type(obj.cls) is Class and type(obj.cls.find("__call__")) is Func:
        return
    if purpose.unit_test(run.frame.module.path):
        return
    run.record.state(DirectForward(run.place(node), graph.title(obj), _own(run, obj, node.func.value), known))


def _own(run: Interpreter, obj: Obj, receiver: Any) -> bool:
    """Whether a method calls another one of its own object."""
    func = run.frame.function
    names = func.node.params.positional[:1] if func is not None and func.owner is not None else []
    return type(receiver) is ir.Name and (receiver.id in names or receiver.id == "self")
