"""Objects of training by the names of their classes and factories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Mode
from dnnlint.script import engines, flow, scheduling, searches, stepping
from dnnlint.script.code import Args, Handler
from dnnlint.script.events import restoring
from dnnlint.script.tables import optimizers
from dnnlint.script.values import Const, Ext, Obj, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def make(run: Interpreter, name: str, args: Args, node: Any) -> Value | None:
    """An optimiser, schedule, engine or wrapper by its class name; None if it is nothing of the kind."""
    if name in optimizers.SCHEDULERS or name.startswith("torch.optim.lr_scheduler."):
        return scheduling.make(run, name, args, node)
    if name in optimizers.OPTIMIZERS or (
        name.startswith(optimizers.OPTIMIZER_PREFIXES) and name.rpartition(".")[2][:1].isupper() and "." in name
    ):
        return stepping.optimizer(run, name, args.get(0, "params"), node, args)
    argument = optimizers.FACTORIES.get(name)
    if argument is not None:
        return stepping.optimizer(run, name, args.get(argument.position, argument.name), node)
    argument = optimizers.WRAPPERS.get(name)
    if argument is not None:
        return args.get(argument.position, argument.name) or flow.unknown(())
    if name in optimizers.SCALERS:
        scaler = Obj("scaler", name, run.place(node))
        scaler.fields["$enabled"] = args.keywords.get("enabled")
        return scaler
    if name in optimizers.CALLABLE_SCALERS:
        return Obj("callable_scaler", name, run.place(node))
    argument = optimizers.STEP_FUNCTIONS.get(name)
    if argument is not None:
        stepping.step(run, args.get(argument.position, argument.name), Args(), node)
        return Const(None)
    return engines.framework(run, name, args, node)


def network(run: Interpreter, name: str, args: Args, node: Any) -> Value | None:
    """A network from a factory: torchvision, timm, transformers."""
    from dnnlint.script.tables import factories

    first = args.positional[0] if args.positional else None
    architecture = first.value if type(first) is Const and isinstance(first.value, str) else None
    spec = factories.network(name, architecture)
    if spec is None:
        return None
    obj = Obj("module", name, run.place(node))
    obj.fields["$dependent"] = spec.mode_dependent
    obj.fields["$from"] = run.tick()
    obj.fields["$given"] = args
    obj.fields["$pretrained"] = name.startswith("torchvision.models.") and name.count(".") == 2 and _pretrained(args)
    mode = {"train": Mode.TRAIN, "eval": Mode.EVAL, None: Mode.UNKNOWN}[spec.mode]
    obj.fields["$mode"] = frozenset({(mode, None, 0)})
    restoring.pretrained(run, obj, name, args, node)
    if spec.position is not None:
        return flow.unknown(()) if spec.position else Tuple((obj, flow.unknown(()), flow.unknown(())))
    return obj


def _pretrained(args: Args) -> bool:
    """Whether a classifier of torchvision certainly comes with weights of ImageNet."""
    first = args.get(0, "pretrained")
    if type(first) is Const and first.value is True:
        return True
    weights = args.keywords.get("weights")
    return type(weights) is Ext or (type(weights) is Const and isinstance(weights.value, str))


def _search(name: str) -> Handler:
    return lambda run, args, node: searches.api(run, name, args, node)


HANDLERS: dict[str, Handler] = {name: _search(name) for name in searches.APIS}
