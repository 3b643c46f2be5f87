"""What a loader is given: contradictions, samplers that are never told the epoch, workers that do the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import LoaderArguments, Rounds, WorkerRandomness
from dnnlint.script import ir
from dnnlint.script.code import Class, Func
from dnnlint.script.mentions import Mentions, nodes
from dnnlint.script.tables import datasets
from dnnlint.script.values import Const, Ext, Iteration, Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.data import Order
    from dnnlint.script.interpreter import Interpreter

_SURE = frozenset({"sampler", "list", "instance", "dataset"})  # objects that are not None


def arguments(run: Interpreter, loader: Obj, order: Order) -> LoaderArguments:
    """What a loader is certainly given."""
    args: dict[str, Value] = loader.fields["$args"]
    batch = args.get("batch_size")
    workers = _number(args.get("num_workers"))
    hidden = bool(loader.fields["$open"])
    return LoaderArguments(
        order.shuffle is True,
        _certain(args.get("sampler")) or (loader.fields["$insists"] and _by_option(loader)),
        _certain(args.get("batch_sampler")),
        type(batch) is Const and type(batch.value) is int and batch.value != 1,
        type(batch) is Const and batch.value is None,
        _true(run, args.get("drop_last")),
        _stream(loader.fields["$dataset"]) is not None,
        not hidden and (workers == 0 or "num_workers" not in args),
        _true(run, args.get("persistent_workers")),
        (_number(args.get("prefetch_factor")) or 0) > 0,
    )


def _certain(value: Value | None) -> bool:
    """Whether an argument is certainly something."""
    return value is not None and all(type(option) is Obj and option.kind in _SURE for option in options(value))


def _by_option(loader: Obj) -> bool:
    """Whether a loader gets a sampler on the path that the defaults do not take."""
    return any(sampler.kind == "sampler" for sampler in loader.fields["$samplers"])


def _true(run: Interpreter, value: Value | None) -> bool:
    return value is not None and run.truth(value)[0] is True


def _number(value: Value | None) -> int | None:
    return value.value if type(value) is Const and type(value.value) is int else None


def _stream(dataset: Value) -> Class | None:
    """The project class of a data set that is read as a stream, and is no data pipe."""
    cls = dataset.cls if type(dataset) is Obj else None
    if type(cls) is not Class:
        return None
    bases = [base.dotted for base in cls.foreign() if type(base) is Ext]
    if any(name.endswith(datasets.DATA_PIPES) for name in bases):
        return None
    return cls if any(name.endswith("data.IterableDataset") for name in bases) else None


def state(run: Interpreter, loader: Obj, trains: bool) -> None:
    """State what a loader's sampler is never told, and what its workers share."""
    if trains and not loader.fields.get("$owned"):
        _rounds(run, loader)
    workers = _number(loader.fields["$args"].get("num_workers"))
    if workers and not loader.fields["$open"] and not _initialised(loader):
        for dataset in options(loader.fields["$dataset"]):
            if type(dataset) is Obj and type(dataset.cls) is Class:
                _generators(run, loader, dataset, workers)
                _streams(run, loader, dataset, workers)


def _rounds(run: Interpreter, loader: Obj) -> None:
    """The outermost loop that passes over a loader again and again."""
    rounds: dict[Any, bool] = loader.fields.get("$rounds", {})
    for sampler in _samplers(loader):
        inside = sampler.fields["$within"] | loader.fields["$within"]
        around = [place for place in rounds if place not in inside]
        if sampler.fields.get("$shuffles") and around and rounds[around[0]] and not sampler.fields.get("$owned"):
            told = run.record.told or not run.record.pulses.get(sampler.at, frozenset()).isdisjoint(around)
            run.record.state(Rounds(around[0], sampler.at, loader.at, told))


def _samplers(loader: Obj) -> list[Obj]:
    """The samplers that draw by the epoch: a loader's own, and what its batch sampler draws from."""
    given: tuple[Obj, ...] = loader.fields.get("$samplers", ())
    inner = [part for one in given for part in one.fields.get("$inputs", ())[:1] if type(part) is Obj]
    return [one for one in (*given, *inner) if one.kind == "sampler" and "$shuffles" in one.fields]


def _initialised(loader: Obj) -> bool:
    """Whether workers are told apart when they start."""
    given = loader.fields["$args"].get("worker_init_fn")
    return given is not None and not (type(given) is Const and given.value is None)


def _generators(run: Interpreter, loader: Obj, dataset: Obj, workers: int) -> None:
    held = [name for name, value in dataset.fields.items() if _generator(value)]
    if not held:
        return
    start = "__getitem__" if type(dataset.cls.find("__getitem__")) is Func else "__iter__"
    mentions = Mentions(dataset.cls, start)
    if "get_worker_info" in mentions.names:
        return
    for name in held:
        if name in mentions.attributes and name not in mentions.writes and not _seeded(mentions, name):
            place = dataset.fields[name].at
            run.record.state(WorkerRandomness(place, loader.at, workers, name, ""))


def _generator(value: Any) -> bool:
    return type(value) is Obj and value.kind == "generator of numbers"


def _seeded(mentions: Mentions, name: str) -> bool:
    """Whether a generator is seeded for each sample: self.rng.seed(index)."""
    return any(
        type(node) is ir.Attr
        and node.name in ("seed", "manual_seed")
        and type(node.value) is ir.Attr
        and node.value.name == name
        for func in mentions.functions
        for node in nodes(func.node.body)
    )


# What tells that a stream is drawn at random, or knows of its worker.
_APART = re.compile(
    r"worker|rank|shard|rand|shuffle|choice|normal_?$|uniform|islice|distributed|world|split_|_split|queue"
)
_READERS = frozenset({"open", "range", "reader", "DictReader", "read_csv", "load", "listdir", "glob", "iterdir"})
_WRAPPERS = frozenset({"enumerate", "zip", "iter", "map", "sorted", "list", "tqdm", "chain", "len", "items", "values"})


def _streams(run: Interpreter, loader: Obj, dataset: Obj, workers: int) -> None:
    cls = _stream(dataset)
    if cls is None or dataset.fields.get("$open"):
        return
    mentions = Mentions(cls, "__iter__")
    if not mentions.functions or any(_APART.search(name.lower()) for name in mentions.names | mentions.attributes):
        return
    start = mentions.functions[0]
    sources = [node.iter for func in mentions.functions for node in nodes(func.node.body) if type(node) is ir.For]
    sources += [node.value for node in nodes(start.node.body) if type(node) is ir.Return and node.value is not None]
    if sources and any(_stored(dataset, source) for source in sources):
        frame = start.module.path
        place = loader.at._replace(path=frame, node=start.node.at)
        run.record.state(WorkerRandomness(place, loader.at, workers, "", cls.name))


def _stored(dataset: Obj, source: Any) -> bool:
    """Whether what a loop goes over is the same in each worker: files, counts, and what the data set holds."""
    if type(source) is ir.Call:
        name = getattr(source.func, "id", getattr(source.func, "name", ""))
        if name in _READERS:
            return True
        inner = [source.func.value] if type(source.func) is ir.Attr else []
        return name in _WRAPPERS and any(_stored(dataset, part) for part in (*source.args, *inner))
    if type(source) is ir.Attr:
        value = dataset.fields.get(source.name)
        return type(value) in (Tensor, Tuple, Iteration) or (type(value) is Obj and value.kind in ("list", "dict"))
    return False
