"""Samplers, and generators of random numbers: which of them must be told the epoch, or the worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import flow
from dnnlint.script.code import Args, Handler
from dnnlint.script.events import feeding
from dnnlint.script.tables import datasets
from dnnlint.script.values import Const, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def _sampler(name: str) -> Handler:
    def make(run: Interpreter, args: Args, node: Any) -> Value:
        obj = Obj("sampler", name, run.place(node))
        obj.fields["$inputs"] = tuple(args.values())
        obj.fields["$within"] = feeding.around(run)
        if name in datasets.EPOCH_SAMPLERS:
            shuffle = args.get(3, "shuffle")
            obj.fields["$shuffles"] = None if args.open else True if shuffle is None else run.truth(shuffle)[0]
            feeding.made(run, obj)
        return obj

    return make


def sampler_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a sampler."""
    if name == "set_epoch":
        feeding.told(run, obj)
        return Const(None)
    return flow.unknown(())


def _generator(name: str) -> Callable[[Any, Args, Any], Value]:
    return lambda run, args, node: Obj("generator of numbers", name, run.place(node))


def generator_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a generator of random numbers: what is drawn is nothing that is known."""
    return obj if name in ("manual_seed", "set_state") else flow.unknown(())


HANDLERS: dict[str, Handler] = {
    **{name: _sampler(name) for name in datasets.SAMPLERS},
    **{name: _generator(name) for name in datasets.GENERATORS},
}
