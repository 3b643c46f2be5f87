"""Methods that an engine calls: a LightningModule's training step is the body of a loop that nobody wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import configured, flow, indexing, inlining, objects, scheduling
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.events import backpropagation, retention
from dnnlint.script.facts import purpose
from dnnlint.script.frames import Loop
from dnnlint.script.tables import aliases, frameworks
from dnnlint.script.values import Const, Ext, Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

TRAINING_DATA = ("train_dataloaders", "train_dataloader", "train_loader")


def lightning(cls: Any) -> bool:
    """Whether instances of a class are run by Lightning."""
    return any(name in frameworks.LIGHTNING_MODULES or name.endswith(".LightningModule") for name in _bases(cls))


def feeds_training(func: Func | None) -> bool:
    """Whether a loader that a method makes is what Lightning trains on."""
    if func is None or func.name not in TRAINING_DATA or purpose.unit_test(func.module.path):
        return False
    return _is_lightnings(func.owner)


def prepares(func: Func) -> bool:
    """Whether Lightning calls a method before it asks for loaders and steps."""
    return func.name in ("prepare_data", "setup") and func.owner is not None and _is_lightnings(func.owner)


def _is_lightnings(cls: Any) -> bool:
    return lightning(cls) or any(name.endswith(".LightningDataModule") for name in _bases(cls))


def _bases(cls: Any) -> list[str]:
    foreign = cls.foreign() if type(cls) is Class else []
    return [aliases.canonical(base.dotted) for base in foreign if type(base) is Ext]


def trains(obj: Obj, func: Func) -> bool:
    """Whether a method is the training step of an engine's loop."""
    return func.name in frameworks.TRAINING_HOOKS and lightning(obj.cls)


def train(run: Interpreter, obj: Obj, func: Func, args: Args) -> None:
    """Run a training step as the engine does: again and again, with a backward pass from what it returns."""
    manual = configured.manual(obj)
    before, run.flags = run.flags, {"grad": True}
    loop = Loop(func.node, run.place(func.node), run.frame, None, run.tick())
    run.loops.append(loop)
    args = _with_batch(func, args)
    for _ in range(2):
        loop.passes += 1
        loop.clock, loop.mark = run.tick(), run.state.mark()
        kept = len(run.record.kept)
        value = inlining.call_function(run, func, args, func.node)
        if type(value) is Obj and value.kind == "dict":
            value = indexing.get_item(run, value, Const("loss"), func.node)
        if not manual and any(type(option) is Tensor for option in options(value)):
            backpropagation.backward(run, value, func.node)
        retention.release(run, loop, kept)
    run.loops.pop()
    run.flags = before


def _with_batch(func: Func, args: Args) -> Args:
    """The arguments of a training step, the batch among them, which is data and nothing else."""
    names = func.node.params.positional[1:2]
    if len(args.positional) != 1 or not names or names[0] in args.keywords:
        return args
    batch = Obj("opaque", name=names[0])
    batch.fields["$data"] = True
    return Args([*args.positional, batch], args.keywords, args.open)


def optimizers(run: Interpreter, obj: Obj, node: Any) -> Value:
    """``self.optimizers()``: what ``configure_optimizers`` makes, once."""
    known: Value | None = obj.fields.get("$optimizers")
    maker = obj.cls.find("configure_optimizers") if type(obj.cls) is Class else None
    if known is None and type(maker) is Func:
        made = inlining.call_function(run, maker, Args([obj]), node)
        scheduling.released(run, made)
        known = _configured(run, made, node)
        obj.fields["$optimizers"] = known
    return known or flow.unknown(())


def _configured(run: Interpreter, value: Value, node: Any) -> Value:
    """The optimisers in what ``configure_optimizers`` returns: one, several, with schedules, or in dicts."""
    if type(value) is Obj and value.kind == "dict":
        return indexing.get_item(run, value, Const("optimizer"), node)
    items = objects.known_items(value)
    if not items:
        return value
    if len(items) == 2 and all(objects.known_items(item) is not None for item in items):
        return _configured(run, items[0], node)
    made = [_configured(run, item, node) for item in items]
    return made[0] if len(made) == 1 else Tuple(tuple(made))


def owner_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of what owns the loop: ``trainer.fit(model, loader)`` trains on the loader."""
    if name == "fit" and "lightning" in str(obj.cls) and not purpose.unit_test(run.frame.module.path):
        given = [*args.positional[1:2], *[args.keywords[key] for key in TRAINING_DATA if key in args.keywords]]
        for value in given:
            for part in (value, *(objects.known_items(value) or ())):
                for option in options(part):
                    if type(option) is Obj and option.kind == "loader":
                        option.fields["$trains"] = True
    return None
