"""Messages between processes that return before they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Communication
from dnnlint.script import flow, ir, mentions
from dnnlint.script.code import Args, Handler
from dnnlint.script.values import Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_ALWAYS = ("isend", "irecv", "batch_isend_irecv")
_WHEN_ASKED = (
    "all_reduce", "broadcast", "reduce", "all_gather", "gather", "scatter", "reduce_scatter", "all_to_all",
    "all_gather_into_tensor", "reduce_scatter_tensor", "all_to_all_single", "all_reduce_coalesced",
)  # fmt: skip


def _send(short: str) -> Handler:
    def start(run: Interpreter, args: Args, node: Any) -> Value:
        asked = args.keywords.get("async_op")
        if short in _ALWAYS or (asked is not None and run.truth(asked)[0]):
            _started(run, short, node)
        return flow.unknown(())

    return start


def _started(run: Interpreter, short: str, node: Any) -> None:
    """Who gets the request: nobody, or a name that nobody reads."""
    statement, func = run.current, run.frame.function
    whole = func is not None and type(func.node) is ir.FunctionDef
    body = func.node.body if func is not None and whole else run.frame.module.program.body
    if _synchronised(body):
        return
    name = _holder(statement, node)
    if name == "" or (name is not None and name not in run.frame.globals and not mentions.reads(body, name)):
        run.record.state(Communication(run.place(node), short, name, False))


def _holder(statement: Any, node: Any) -> str | None:
    """The variable that gets the request, "" if it is dropped, None if it goes elsewhere."""
    value: Any = getattr(statement, "value", None)
    if type(statement) is ir.ExprStmt and value is node:
        return ""
    if type(statement) is ir.ExprStmt and type(value) is ir.Call and value.args == [node]:
        grown = value.func
        if type(grown) is ir.Attr and grown.name == "append" and type(grown.value) is ir.Name:
            return str(grown.value.id)
    if type(statement) is ir.Assign and value is node and len(statement.targets) == 1:
        target = statement.targets[0]
        return str(target.id) if type(target) is ir.Name else None
    return None


def _synchronised(body: ir.Block) -> bool:
    """Whether everything under way is waited for at once."""
    return any(type(node) is ir.Attr and node.name == "synchronize" for node in mentions.nodes(body))


HANDLERS: dict[str, Handler] = {
    f"{package}.{short}": _send(short)
    for package in ("torch.distributed", "torch.distributed.distributed_c10d")
    for short in (*_ALWAYS, *_WHEN_ASKED)
}
