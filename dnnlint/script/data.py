"""Data sets and loaders, and what is known of the order of their samples."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dnnlint.script import fitting, flow, hooks, ir, iteration, objects, ordering, spelling, transforms
from dnnlint.script.code import Args, Class, Func, Handler
from dnnlint.script.events import feeding
from dnnlint.script.tables import datasets
from dnnlint.script.values import Const, Ext, Iteration, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_LOADER = (
    "dataset", "batch_size", "shuffle", "sampler", "batch_sampler", "num_workers", "collate_fn", "pin_memory",
    "drop_last",
)  # fmt: skip
_ORDERED_NAME = re.compile(
    r"time_?series|temporal|stock|forecast|stream|sequen|seq2seq|episode|trajector|replay|lstm|rnn|"
    r"sorted|bucket|shuffl|permut|infinite|curriculum",
    re.IGNORECASE,
)


def is_dataset(name: str) -> bool:
    """Whether a library class is a data set."""
    return name in datasets.INDEXED_BASES or name in datasets.ITERABLE_BASES or name in datasets.DATASETS


def _loader(run: Interpreter, args: Args, node: Any) -> Value:
    given = {**args.keywords, **dict(zip(_LOADER, args.positional, strict=False))}
    obj = Obj("loader", "torch.utils.data.DataLoader", run.place(node))
    obj.fields["$args"] = given
    obj.fields["$open"] = args.open
    obj.fields["$dataset"] = given.get("dataset", flow.unknown(()))
    written = [value for name, value in getattr(node, "keywords", ()) if name == "dataset"]
    obj.fields["$written"] = spelling.last((written or getattr(node, "args", None) or [None])[0])
    obj.fields["$scope"] = run.frame.name
    if hooks.feeds_training(run.frame.function):
        obj.fields["$trains"] = True
    obj.fields["$within"] = feeding.around(run)
    obj.fields["$insists"] = any(  # on shuffling, whatever the options
        name == "shuffle" and type(given) is ir.Const and given.value is True
        for name, given in getattr(node, "keywords", ())
    )
    obj.fields["$samplers"] = feeding.of_loader(run, given.get("sampler") or given.get("batch_sampler"), node)
    run.record.loaders.append(obj)
    return obj


def _dataset(name: str) -> Callable[[Any, Args, Any], Value]:
    def make(run: Interpreter, args: Args, node: Any) -> Value:
        obj = Obj("dataset", name, run.place(node))
        spec = datasets.DATASETS.get(name)
        if spec is not None:
            obj.fields["$samples"] = _size(spec, args)
            obj.fields["$iterable"] = spec.iterable
        obj.fields["$inputs"] = tuple(args.values())
        obj.fields["$keywords"] = tuple(args.keywords)
        obj.fields["$given"] = args
        return obj

    return make


def _size(spec: datasets.DatasetSpec, args: Args) -> int | None:
    if spec.split is None:
        return None
    value = args.get(*spec.split)
    split: Any = spec.default if value is None else value.value if type(value) is Const else None
    if isinstance(split, bool):
        split = "train" if split else "test"
    return spec.sizes.get(split) if isinstance(split, str) else None


def _derived(name: str) -> Callable[[Any, Args, Any], Value]:
    spec = datasets.DERIVED[name]

    def make(run: Interpreter, args: Args, node: Any) -> Value:
        place = run.place(node)
        if name.startswith("sklearn."):
            return _train_test_split(run, args, node)
        sources = tuple(args.values())
        if name.endswith("random_split"):
            fitting.divided(run, args.values()[:1], node)

        def part() -> Obj:
            obj = Obj("dataset", name, place)
            obj.fields["$inputs"] = sources
            obj.fields["$given"] = args
            if name.endswith("TensorDataset"):
                obj.fields["$samples"] = None
            return obj

        if not spec.several:
            return part()
        lengths = objects.known_items(args.positional[1]) if len(args.positional) > 1 else None
        count = len(lengths) if lengths is not None else 2
        parts: list[Value] = []
        for _ in range(count):
            one = part()
            one.fields["$shuffled"] = True
            parts.append(one)
        return objects.new_list(parts, place)

    return make


def _train_test_split(run: Interpreter, args: Args, node: Any) -> Value:
    fitting.divided(run, args.positional, node)
    shuffle = args.keywords.get("shuffle")
    kept = shuffle is not None and run.truth(shuffle)[0] is False
    op, name = ("view", "[:]") if kept else ("shuffled", "")
    return Tuple(
        tuple([Tensor(op, (value,), run.place(node), False, name=name) for value in args.positional for _ in range(2)])
    )


HANDLERS: dict[str, Handler] = {
    "torch.utils.data.DataLoader": _loader,
    "torch_geometric.loader.DataLoader": _loader,
    "torch_geometric.data.DataLoader": _loader,
    "torch.utils.data.dataloader.DataLoader": _loader,
    "torchdata.stateful_dataloader.StatefulDataLoader": _loader,
    **{name: _dataset(name) for name in datasets.DATASETS},
    **{name: _derived(name) for name in datasets.DERIVED},
}


def loader_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Methods of a loader."""
    if name == "__iter__":
        return iteration.iterate(run, obj, node)
    return flow.unknown(())


def attribute(obj: Obj, name: str) -> Value | None:
    """Attributes of loaders and of what they are made from."""
    if obj.kind == "transform":
        return transforms.transform_attribute(obj, name)
    if obj.kind == "dataset":
        return _dataset_attribute(obj, name)
    if obj.kind == "sampler" and name == "sampler":
        return next((one for one in obj.fields["$inputs"] if type(one) is Obj), None) or flow.unknown((), name)
    if obj.kind == "loader" and name == "dataset":
        dataset: Value | None = obj.fields.get("$dataset")
        return dataset
    if obj.kind == "loader" and name in ("sampler", "batch_sampler", "batch_size"):
        given: Value | None = obj.fields["$args"].get(name)
        return given if type(given) is Obj and given.kind == "sampler" else flow.unknown((), name)
    return None


def _dataset_attribute(obj: Obj, name: str) -> Value | None:
    """``part.dataset``, and the pixels that a data set of torchvision keeps as they are."""
    if name == "dataset":
        return transforms.underlying(obj)
    if name in ("data", "train_data", "test_data") and str(obj.cls) in datasets.PIXELS:
        return Tensor("pixels", (obj,), obj.at, False)
    return None


class Order:
    """What a loader's arguments say about the order of its samples."""

    __slots__ = ("batch_size", "explicit", "iterable", "ordered", "sampler", "samples", "shuffle")

    def __init__(self, run: Interpreter, loader: Obj) -> None:
        args: dict[str, Value] = loader.fields["$args"]
        hidden = bool(loader.fields["$open"])
        self.shuffle = _flag(run, args.get("shuffle"), False, hidden)
        samplers = (args.get("sampler"), args.get("batch_sampler"))
        self.explicit = "shuffle" in args or any(one is not None and ordering.keeps(one) for one in samplers)
        self.sampler = _given(run, samplers, hidden)
        dataset: Value = loader.fields["$dataset"]
        self.iterable = _iterable(dataset)
        self.ordered = _ordered(dataset, args) or bool(_ORDERED_NAME.search(loader.name))
        self.samples = _samples(dataset)
        batch = args.get("batch_size")
        self.batch_size = (
            batch.value if type(batch) is Const and type(batch.value) is int else 1 if batch is None else None
        )
        if type(batch) is Obj and "$length" in batch.fields:
            self.samples, self.batch_size = 1, 1  # the whole data set in one batch: no order to speak of


def remainder(run: Interpreter, loader: Obj, order: Order) -> int | None:
    """How many samples the last batch holds, where it is a smaller one."""
    dropped = loader.fields["$args"].get("drop_last")
    if not order.samples or not order.batch_size or loader.fields["$open"]:
        return None
    if dropped is not None and run.truth(dropped)[0] is not False:
        return None
    return order.samples % order.batch_size or None


def _flag(run: Interpreter, value: Value | None, default: bool, hidden: bool) -> bool | None:
    if value is None:
        return None if hidden else default
    if type(value) is Const and value.value is None:
        return False
    return run.truth(value)[0]


def _given(run: Interpreter, values: tuple[Value | None, ...], hidden: bool) -> bool | None:
    state: bool | None = None if hidden else False
    for value in values:
        for option in options(value) if value is not None else ():
            if (type(option) is Const and option.value is None) or ordering.keeps(option):
                continue
            if type(option) is Obj and option.kind == "opaque" and type(value) is not Union:
                state = True if state is not None else None
            else:
                state = True
    return state


def _iterable(dataset: Value) -> bool | None:
    states: set[bool | None] = set()
    for option in options(dataset):
        if type(option) is Obj and type(option.cls) is Class:
            names = {base.dotted for base in option.cls.foreign() if type(base) is Ext}
            if names & datasets.ITERABLE_BASES or any(name.endswith("IterableDataset") for name in names):
                states.add(True)
            elif option.fields.get("$open"):
                states.add(None)
            else:
                states.add(
                    type(option.cls.find("__iter__")) is Func and type(option.cls.find("__getitem__")) is not Func
                )
        elif type(option) is Obj and option.kind == "dataset":
            inner = option.fields.get("$iterable")
            if inner is None:
                inner = any(_iterable(value) is True for value in option.fields.get("$inputs", ())[:1])
            states.add(bool(inner))
        elif type(option) in (Tensor, Tuple) or (type(option) is Obj and option.kind in ("list", "dict")):
            states.add(False)
        elif type(option) is Iteration:
            states.add(False if option.items is not None or option.source is not None else None)
        else:
            states.add(None)
    return states.pop() if len(states) == 1 else None


def _ordered(dataset: Value, args: dict[str, Value], depth: int = 0) -> bool:
    """Order carries meaning, or was drawn at random before."""
    for option in options(dataset):
        if type(option) is Tensor and option.op == "shuffled":
            return True
        if type(option) is Tensor and depth < 8 and any(_ordered(value, {}, depth + 1) for value in option.inputs):
            return True
        if type(option) is not Obj:
            continue
        name = option.cls.name if type(option.cls) is Class else str(option.cls or "")
        if option.fields.get("$shuffled") or _ORDERED_NAME.search(name) or _ORDERED_NAME.search(option.name):
            return True
        if _drawn(option) or ordering.draws_samples(option):
            return True
        inner = option.fields.get("$inputs") or option.sources
        if depth < 4 and any(_ordered(value, {}, depth + 1) for value in inner if type(value) in (Obj, Tensor)):
            return True
    return False


def _drawn(dataset: Obj) -> bool:
    """Whether every tensor of a data set is drawn at random: there is no order to break."""
    tensors = [
        value for value in (*dataset.fields.get("$inputs", ()), *dataset.fields.values()) if type(value) is Tensor
    ]
    return bool(tensors) and all(_random(tensor) for tensor in tensors)


def _random(tensor: Tensor, depth: int = 0) -> bool:
    if tensor.op == "fresh":
        return isinstance(tensor.extra, tuple) and tensor.extra[0] in ("normal", "uniform", "drawn")
    parts = [value for value in tensor.inputs if type(value) is Tensor]
    return (
        depth < 8 and bool(parts) and len(parts) == len(tensor.inputs) and all(_random(one, depth + 1) for one in parts)
    )


def _samples(dataset: Value) -> int | None:
    if type(dataset) is Obj:
        known: int | None = dataset.fields.get("$samples")
        if known is not None:
            return known
        if dataset.kind == "list" and not dataset.fields.get("$more"):
            return len(dataset.fields["$items"])
    return None
