"""From what was recorded to what rules read: frozen evidence, stated once the whole file has been run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import (
    Accumulation,
    EvaluationPass,
    Init,
    Layer,
    Loader,
    Network,
    Operation,
    Stray,
    WeightInit,
)
from dnnlint.script import data, flow, graph, networks, objects, parameters
from dnnlint.script.values import Class, Iteration, NetworkCall, Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter
    from dnnlint.script.record import Kept

_END = r"(?:_|\d|$|(?=loader|load|data|set|iter|batch|dl|ds$|gen|img|image|label|input|sample|[xys]$))"
_EVALUATION = re.compile(
    r"(?:^|_)(?:eval|evaluate|evaluation|evaluating|evaluator|valid|validate|validation|validating|val|vali|test|testing|"
    r"tst|infer|inference|predict|prediction|dev|score|heldout|holdout)" + _END
)
_TRAINING = re.compile(r"(?:^|_)(?:train|fit|training)" + _END)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LOADING = re.compile(r"load|data|batch|iter|set$|_dl$|^dl", re.IGNORECASE)
_UNIT_TEST = re.compile(r"(?:^|[/\\])(?:tests?[/\\](?:.*[/\\])?)?test_\w*\.py$|_test\.py$|conftest\.py$")
_STATISTICS = re.compile(
    r"(?:^|_)bn(?:_|$)|batch_?norm|recalib|calibrat|running_stat|update_stat|precise", re.IGNORECASE
)


def _speaks_of(words: re.Pattern[str], name: str) -> bool:
    """Whether one of some words stands in a name, written with humps or underscores."""
    return words.search(_HUMP.sub("_", name).lower()) is not None


def layer(obj: Obj, path: str = "") -> Layer:
    """A layer as evidence."""
    kind = obj.cls.name if type(obj.cls) is Class else str(obj.cls).rpartition(".")[2]
    return Layer(kind, obj.at, parameters.fan_in(obj), parameters.units(obj), path)


def operation(tensor: Tensor) -> Operation:
    """A node of the data flow as evidence."""
    return Operation(tensor.op, tensor.at, layer(tensor.layer) if tensor.layer is not None else None)


def complete(run: Interpreter) -> None:
    """State everything that depends on the whole run."""
    for obj, operations, result in run.record.networks:
        _network(run, obj, operations, result)
    for obj in run.record.modules:
        strays = _strays(obj)
        if strays:
            run.record.state(Network(graph.title(obj), obj.at, (), (), strays))
    for loader in run.record.loaders:
        _loader(run, loader)
    for call in run.record.calls:
        _evaluation(run, call)
    if not run.record.partial:
        for kept in run.record.kept:
            _accumulation(run, kept)


# networks


def _network(run: Interpreter, obj: Obj, operations: list[Tensor], result: Value) -> None:
    ends, _ = graph.last(result)
    chains = _chains(operations, {id(end) for end in ends})
    layers = tuple([layer(part, path) for path, part in networks.descendants(obj) if "$spec" in part.fields])
    run.record.state(Network(graph.title(obj), obj.at, layers, chains))
    _inits(run, obj, operations)


def _chains(operations: list[Tensor], ends: set[int]) -> tuple[tuple[Operation, ...], ...]:
    """Maximal runs of the data flow in which each operation feeds only the next one."""
    consumers: dict[int, list[Tensor]] = {}
    feeds: dict[int, list[Tensor]] = {}
    known = {id(tensor) for tensor in operations}
    for tensor in operations:
        feeders = [source for value in tensor.inputs for source in _sources(value) if id(source) in known]
        feeds[id(tensor)] = feeders
        for source in feeders:
            consumers.setdefault(id(source), []).append(tensor)
    starts = [tensor for tensor in operations if not _follows(tensor, feeds, consumers)]
    chains = []
    for tensor in starts:
        chain = [operation(tensor)]
        current = tensor
        while True:
            following = consumers.get(id(current), [])
            if len(following) != 1 or not _follows(following[0], feeds, consumers):
                break
            current = following[0]
            chain.append(operation(current))
        if len(chain) > 1:
            chains.append(tuple(chain))
    return tuple(dict.fromkeys(chains))


def _follows(tensor: Tensor, feeds: dict[int, list[Tensor]], consumers: dict[int, list[Tensor]]) -> bool:
    """Whether an operation merely continues the one before it: one input, which nothing else uses."""
    feeders = feeds[id(tensor)]
    if len({id(source) for source in feeders}) != 1 or tensor.op in ("unknown", "module"):
        return False
    return len(consumers.get(id(feeders[0]), [])) == 1 and feeders[0].op not in ("unknown", "module")


def _sources(value: Value, depth: int = 0) -> list[Tensor]:
    if type(value) is Tensor:
        return [value]
    if depth > 3:
        return []
    if type(value) is Tuple or (type(value) is Obj and value.kind in ("list", "dict")):
        inner = value.items if type(value) is Tuple else objects.contents(value)  # type: ignore[arg-type]
        return [source for item in inner for source in _sources(item, depth + 1)]
    return [source for option in options(value) if type(option) is Tensor for source in [option]]


def _inits(run: Interpreter, obj: Obj, operations: list[Tensor]) -> None:
    consumers: dict[int, list[Tensor]] = {}
    for tensor in operations:
        for value in tensor.inputs:
            for source in _sources(value):
                consumers.setdefault(id(source), []).append(tensor)
    for tensor in operations:
        init: Init | None = tensor.layer.fields.get("$init") if tensor.layer is not None else None
        if init is None or tensor.op not in vocabulary.WEIGHTED or tensor.layer is None:
            continue
        found = [operation(one) for one in _activations(tensor, consumers)]
        run.record.state(WeightInit(layer(tensor.layer), init, tuple(found)))


def _activations(tensor: Tensor, consumers: dict[int, list[Tensor]], depth: int = 0) -> list[Tensor]:
    """Activations applied directly to an output; gates (whose result is multiplied) are left out."""
    found = []
    for following in consumers.get(id(tensor), []):
        if following.op == "view" and depth < 6:
            found.extend(_activations(following, consumers, depth + 1))
        elif following.op in vocabulary.ACTIVATIONS and not _gates(following, consumers):
            found.append(following)
    return found


def _gates(tensor: Tensor, consumers: dict[int, list[Tensor]], depth: int = 0) -> bool:
    following = consumers.get(id(tensor), [])
    return bool(following) and all(
        one.op in ("mul", "lerp") or (one.op in ("view", "sub") and depth < 4 and _gates(one, consumers, depth + 1))
        for one in following
    )


def _strays(obj: Obj) -> tuple[Stray, ...]:
    """Layers of a network that only a plain container knows."""
    if type(obj.cls) is not Class:
        return ()
    found = []
    for name, value in obj.fields.items():
        if name[0] == "$" or not isinstance(value, Value):
            continue
        container, members = _members(value)
        kinds = [member for member in members if _learns(member) and not member.fields.get("$registered")]
        place: Place | None = obj.fields.get("$at " + name)
        if container and kinds and place is not None and _own_layers(kinds, obj) and not _handled(members):
            names = tuple(dict.fromkeys(layer(member).kind for member in kinds))
            found.append(Stray(place, name, container, names))
    return tuple(found)


def _own_layers(members: list[Obj], obj: Obj) -> bool:
    """Whether layers are meant as parts: a network that was handed in may be kept apart on purpose (a teacher)."""
    if len(members) > 1 and any("$spec" in member.fields for member in members):
        return True
    member = members[0]
    born = member.fields.get("$clock", member.fields.get("$from", 0))
    return bool(obj.fields.get("$from", 0) < born < obj.fields.get("$to", 0))


def _learns(obj: Obj) -> bool:
    return networks.has_parameters(obj) is True


def _handled(members: list[Obj]) -> bool:
    """Someone asks the members themselves for their parameters."""
    return any(member.fields.get("$asked") for member in members)


def _members(value: Value, depth: int = 0) -> tuple[str, list[Obj]]:
    if type(value) is Tuple:
        return "tuple", [item for item in value.items if type(item) is Obj and item.kind == "module"]
    if type(value) is Obj and value.kind in ("list", "dict"):
        found: list[Obj] = []
        for item in objects.contents(value):
            for option in options(item):
                if type(option) is Obj and option.kind == "module":
                    found.append(option)
                elif depth < 3 and (type(option) is Tuple or type(option) is Obj):
                    found.extend(_members(option, depth + 1)[1])
        return value.kind, found
    return "", []


# data


def _loader(run: Interpreter, loader: Obj) -> None:
    order = data.Order(run, loader)
    evaluates = bool(_speaks_of(_EVALUATION, loader.name)) and not _speaks_of(_TRAINING, loader.name)
    run.record.state(
        Loader(
            loader.at,
            loader.name,
            _trains(run, loader),
            evaluates,
            order.shuffle,
            order.sampler,
            order.iterable,
            order.ordered,
            order.batch_size,
            order.samples,
            order.explicit,
        )
    )


# evaluation


def _trains(run: Interpreter, loader: Obj) -> bool:
    """Whether batches are stepped on; where no optimiser is in sight, whether they are learned from."""
    return bool(loader.fields.get("$trains") or (loader.fields.get("$learned") and not run.record.optimizers))


def _evaluation(run: Interpreter, call: NetworkCall) -> None:
    if call.trained or _UNIT_TEST.search(call.place.path):
        return
    loop = call.loops[-1] if call.loops else None
    names = _names(call, loop)
    spelled = [name for name in names if _speaks_of(_EVALUATION, name)]
    if any(_STATISTICS.search(name) for name in call.functions):
        return
    evidence = [f"name {name}" for name in spelled]
    if call.grad is False:
        evidence.append("no_grad")
    inside = _evaluating_frames(call)
    said = [name for name in call.names if _speaks_of(_EVALUATION, name)]
    if loop is not None and loop.learned and not inside and not said:
        return
    over_data = loop is not None and _over_data(loop)
    if not spelled and not (over_data and call.grad is False and not _training_loader(loop)):
        return
    if not over_data and not (spelled and (call.grad is False or inside or said)):
        return
    if loop is None and call.grad is not False and not _trained_elsewhere(run, call):
        return
    if any(_speaks_of(_TRAINING, name) for name in names) and not spelled:
        return
    place = loop.place if loop is not None else None
    run.record.state(EvaluationPass(graph.forward(run, call, None), place, tuple(evidence), call.grad))


def _evaluating_frames(call: NetworkCall) -> bool:
    return any(_speaks_of(_EVALUATION, name) and not _speaks_of(_TRAINING, name) for name in call.functions[1:])


def _names(call: NetworkCall, loop: Loop | None) -> list[str]:
    names = list(call.functions[1:][-3:])
    if loop is not None:
        names.extend(_loader_names(loop.iterable))
    for value in call.args:
        names.extend([source.name for source in graph.reach(value).loaders[:2]])
        if type(value) is Obj and value.name:
            names.append(value.name)
    names.extend(call.names)
    return [name for name in dict.fromkeys(names) if name and not name.startswith("<")]


def _trained_elsewhere(run: Interpreter, call: NetworkCall) -> bool:
    return any(other.trained and other.network is call.network for other in run.record.calls)


def _training_loader(loop: Loop | None) -> bool:
    iterable = loop.iterable if loop is not None else None
    source = iterable.source if type(iterable) is Iteration else None
    return source is not None and any(
        type(option) is Obj and (option.fields.get("$trains") or bool(_speaks_of(_TRAINING, option.name)))
        for option in options(source)
    )


def _loader_names(iterable: Any) -> list[str]:
    source = iterable.source if type(iterable) is Iteration else None
    return [option.name for option in options(source) if type(option) is Obj] if source is not None else []


def _over_data(loop: Loop) -> bool:
    iterable = loop.iterable
    if type(iterable) is not Iteration:
        return False
    source = iterable.source
    return source is not None and any(
        type(option) is Obj and (option.kind in ("loader", "dataset", "instance") or bool(_LOADING.search(option.name)))
        for option in options(source)
    )


# kept graphs


def _accumulation(run: Interpreter, kept: Kept) -> None:
    record = run.record
    if id(kept.result) in record.learned and kept.list is None:
        return
    if kept.list is not None and id(kept.list) in record.read_lists:
        return
    loop = kept.repeats
    if loop is None or _over_parts(loop) or not (loop.learned or _over_data(loop)) or not _holds_graph(run, kept):
        return
    record.state(Accumulation(kept.place, kept.how, kept.target, kept.loop, kept.inner))


def _over_parts(loop: Loop) -> bool:
    """A loop over modules or terms of a loss: no iteration over data, though a backward pass may run in it."""
    items = loop.iterable.items if type(loop.iterable) is Iteration else None
    return bool(items) and any(type(item) is Obj or type(item) is Tensor for item in items or ())


def _views(value: Value) -> list[Value]:
    """A tensor and what it is a mere view of: ``loss``, ``loss.float()``."""
    found = [value]
    while type(found[-1]) is Tensor and found[-1].op == "view" and found[-1].inputs:
        found.append(found[-1].inputs[0])
    return found


def _holds_graph(run: Interpreter, kept: Kept) -> bool:
    found = graph.reach(kept.new)
    state = flow.carries(kept.new)
    backed = any(id(node) in run.record.learned for node in _views(kept.new))
    fresh = [call for call in found.calls if call.clock >= kept.clock]
    if state is False:
        return False
    if backed and (fresh or not found.calls):
        return True
    return state is True and bool(fresh)
