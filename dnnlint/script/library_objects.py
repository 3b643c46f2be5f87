"""Objects whose class no project file defines: what their methods do, and what calling them does."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Extent
from dnnlint.script import (
    arrays,
    attributes,
    calls,
    containers,
    data,
    engines,
    extents,
    fitting,
    flow,
    guesses,
    hooks,
    indexing,
    losses,
    module_methods,
    parsers,
    samplers,
    scheduling,
    searches,
    stepping,
    tensors,
)
from dnnlint.script.code import Args, Class
from dnnlint.script.events import devices, escapes, feeding
from dnnlint.script.networks import calling
from dnnlint.script.tables.tensors import HOST, METHODS
from dnnlint.script.values import Ext, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_SAME = frozenset({
    "to", "cuda", "cpu", "float", "half", "double", "contiguous", "clone", "requires_grad_", "share_memory",
})  # fmt: skip

_RESHAPING = frozenset({"reshape", "view", "squeeze", "ravel", "flatten", "transpose", "swapaxes"})
_CALLBACK = re.compile(r"callback|handler|hook|listener", re.IGNORECASE)
_CHAIN = 4  # how far back a callback is looked for in what it was taken from


def method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    """``obj.name(...)`` where no project class defines the method."""
    handler = _methods().get(obj.kind)
    if handler is not None:
        result = handler(run, obj, name, args, node)
        if result is not None:
            return result
    if obj.kind in ("instance", "dataset") and type(obj.cls) is Class:
        return _inherited(run, obj, name, args, node)
    if obj.kind == "opaque":
        made = calling.call_unknown(run, attributes.get_attribute(run, obj, name, node), args, node)
        if type(made) is Obj:
            arrays.note(made, name, Args([obj, *args.positional], args.keywords, args.open))
        return made
    return flow.unknown([obj, *args.values()])


def _inherited(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value:
    """A method of a project object that its class inherits from something unknown, or that was set on it."""
    value = obj.fields.get(name)
    if isinstance(value, Value):
        return calls.call(run, value, args, node)
    if obj.fields.get("$open") or obj.cls.foreign():
        escapes.havoc(run, [obj, *args.values()], Ext(name))
    return flow.unknown([obj, *args.values()])


def _opaque_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of an object of unknown class: what they tell by their names, or what they do to a tensor."""
    if name == "set_epoch" or name.startswith("on_"):
        feeding.told(run, None)
    known = guesses.opaque_method(run, obj, name, args, node)
    if known is not None:
        return known
    if name == "copy" and "$state" in obj.fields:
        return obj  # a new dict of the same tensors
    if "$gradients" in obj.fields:
        obj.fields["$escaped"] = True  # optimizer.step_and_update_lr()
    kind = "cut" if name in HOST else METHODS.get(name)
    if kind is not None and (obj.sources or name in ("item", "detach", "numpy", "argmax", "tolist")):
        if kind == "view" and not (name in _RESHAPING and extents.of(obj) != Extent()):
            return obj
        inputs = (obj, *[value for value in args.values() if flow.flows(value)])
        graph = False if kind == "cut" else flow.attached(run, inputs)
        given = Args([obj, *args.positional], args.keywords, args.open)
        return tensors.make(run, Tensor(kind, inputs, run.place(node), graph, name=name, args=given))
    if name in _SAME:
        if name in devices.MOVES:
            devices.carried(run, obj)
        return obj
    if name in ("get", "pop", "setdefault") and args.positional:
        return indexing.get_item(run, obj, args.positional[0], node)
    if name in ("items", "values", "keys"):
        return flow.unknown((obj,), obj.name)
    searches.called(run, name, node)
    return None


def call_object(run: Interpreter, obj: Obj, args: Args, node: Any) -> Value:
    """Calling an object that is no network and defines no __call__."""
    if obj.kind == "loss":
        return losses.apply(run, obj.fields["$loss"], args, node, obj)
    if obj.kind == "callable_scaler":
        return stepping.scaled_step(run, args, node)
    if obj.kind == "context":
        return args.positional[0] if args.positional else flow.unknown(())
    searches.called(run, obj.name, node)
    if _is_callback(obj):
        feeding.told(run, None)
    return calling.call_unknown(run, obj, args, node)


def _is_callback(obj: Obj, depth: int = 0) -> bool:
    """Whether something of unknown class is, or was taken from, what users register to be called at events."""
    inner = obj.sources if depth < _CHAIN else ()
    known = [one for one in inner if type(one) is Obj]
    return _CALLBACK.search(obj.name) is not None or any(_is_callback(one, depth + 1) for one in known)


@cache
def _methods() -> dict[str, Callable[[Any, Obj, str, Args, Any], Value | None]]:
    """What knows the methods of each kind of object."""
    return {
        "module": module_methods.module_method,
        "optimizer": stepping.optimizer_method,
        "opaque": _opaque_method,
        "scaler": stepping.scaler_method,
        "engine": engines.engine_method,
        "scheduler": scheduling.method,
        "loss": losses.method,
        "loader": data.loader_method,
        "list": containers.list_method,
        "dict": containers.dict_method,
        "parser": parsers.parser_method,
        "namespace": parsers.namespace_method,
        "context": module_methods.inert_method,
        "owner": hooks.owner_method,
        "estimator": fitting.estimator_method,
        "sampler": samplers.sampler_method,
        "generator of numbers": samplers.generator_method,
    }
