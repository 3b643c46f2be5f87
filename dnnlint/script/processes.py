"""Functions that start another function: as if it were called in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import calls, flow, objects
from dnnlint.script.code import Args, Func, Handler
from dnnlint.script.values import Const, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def _run_target(run: Interpreter, args: Args, node: Any) -> Value:
    """Process, Thread and spawn run a function: as if it were called here."""
    target = args.get(1, "target") if "target" in args.keywords or len(args.positional) > 1 else None
    given = args.keywords.get("args")
    items = objects.known_items(given) if given is not None else []
    if target is not None and type(target) in (Func,):
        calls.call(run, target, Args(list(items or []), {}, items is None), node)
    return flow.unknown(())


def _spawn(run: Interpreter, args: Args, node: Any) -> Value:
    target, given = args.get(0, "fn"), args.get(1, "args")
    items = objects.known_items(given) if given is not None else []
    if target is not None:
        calls.call(run, target, Args([Const(...), *(items or [])], {}, items is None), node)
    return flow.unknown(())


def _app(run: Interpreter, args: Args, node: Any) -> Value:
    return calls.call(run, args.positional[0], Args([flow.unknown(())]), node) if args.positional else Const(None)


HANDLERS: dict[str, Handler] = {
    "torch.multiprocessing.spawn": _spawn,
    "torch.multiprocessing.Process": _run_target,
    "multiprocessing.Process": _run_target,
    "threading.Thread": _run_target,
    "torch.multiprocessing.start_processes": _spawn,
    "absl.app.run": _app,
}
