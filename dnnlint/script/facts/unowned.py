"""Layers that learn by no optimiser: left out of it, or put in the place of those that it holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Mode, Replaced, Unowned
from dnnlint.script import graph
from dnnlint.script.code import Class
from dnnlint.script.events import ownership
from dnnlint.script.facts import purpose
from dnnlint.script.networks import tree
from dnnlint.script.values import NetworkCall, Obj, Tensor

if TYPE_CHECKING:
    from dnnlint.script.events.timeline import Passed
    from dnnlint.script.interpreter import Interpreter

FIXED = re.compile(
    r"teacher|ema|target|frozen|pretrain|vgg|percept|fixed|momentum|key|extract|lpips|feat|reference|old|prior|clip|bert|"
    r"inception|resnet|average|swa|base|loss|criter|random|rnd|oracle|judge|surrogate|attack|victim",
    re.IGNORECASE,
)


def state(run: Interpreter, told: set[int]) -> None:
    """State which layers a loss is computed with that no optimiser holds; of some networks that was told already."""
    record = run.record
    optimizers = [one for one in record.optimizers if any(one is step.optimizer for step in record.timeline.stepped)]
    if record.partial or record.hand is not None or not optimizers or not all(map(plain, record.optimizers)):
        return
    held = {id(part) for one in record.optimizers for part in one.fields.get("$held", ())}
    for passed in record.timeline.passed:
        if passed.loops and not purpose.unit_test(passed.place.path):
            _judge(run, passed, optimizers, held, told)


def plain(optimizer: Obj) -> bool:
    """Whether all that an optimiser holds is known, and is part of networks or stands alone."""
    owners = ownership.owned(optimizer)
    known = optimizer.kind == "optimizer" and optimizer.fields.get("$known") and not optimizer.fields.get("$escaped")
    return bool(known and owners) and all(type(owner) is Tensor or tree.is_module(owner) for owner in owners)


def _judge(run: Interpreter, passed: Passed, optimizers: list[Obj], held: set[int], told: set[int]) -> None:
    live = learning(passed)
    free = [layer for layer in live if id(layer) not in held]
    if not free:
        return
    readers = [one for one in optimizers if any(id(layer) in map(id, one.fields["$held"]) for layer in live)]
    for call in {id(call.network): call for call in passed.reach.calls}.values():
        parts = [layer for layer in free if tree.within(layer, call.network)]
        if (
            not parts
            or id(call.network) in told
            or call.grad is not True
            or not tree.complete(call.network)
            or any(mode is Mode.EVAL for mode, _, _ in call.modes)
        ):
            continue
        whole = not any(tree.within(layer, call.network) and id(layer) in held for layer in live)
        if not _replaced(run, passed, call, parts, optimizers) and not run.record.frozen:
            _left_out(run, passed, call, parts, whole, readers, optimizers)


def learning(passed: Passed, surely: bool = True) -> list[Obj]:
    """The layers that a backward pass gives gradients to."""
    refused = (False, None) if surely else (False,)
    nodes = [node for node in passed.reach.nodes if type(node) is Tensor and node.attached not in refused]
    layers = {id(node.layer): node.layer for node in nodes if id(node) in passed.reach.live and node.layer is not None}
    for call in passed.reach.calls:
        if call.grad is True and type(call.network.cls) is not Class and "$spec" not in call.network.fields:
            layers.update(
                {id(part): part for _, part in tree.descendants(call.network)}
            )  # put into a library's network
    return [layer for layer in layers.values() if tree.parametric(layer) and not layer.fields.get("$tied")]


def _replaced(run: Interpreter, passed: Passed, call: NetworkCall, parts: list[Obj], optimizers: list[Obj]) -> bool:
    """State layers, or a whole network, that were made after an optimiser took what stood in their place."""
    for one in optimizers:
        taken: int = one.fields["$taken"]
        for owner in ownership.owned(one):
            inside = [part for part in parts if tree.within(part, owner) and part.fields.get("$clock", 0) > taken]
            if inside and type(owner) is Obj:
                place, name = _position(owner, inside[0])
                _state(run, place, f"{graph.title(owner)}.{name}", one, passed)
                return True
            if _successor(call.network, owner, taken) and not _fed(run, one):
                _state(run, call.network.at, graph.title(call.network), one, passed)
                return True
    return False


def _state(run: Interpreter, place: Place, name: str, optimizer: Obj, passed: Passed) -> None:
    run.record.state(Replaced(place, name, ownership.title(optimizer), optimizer.at, passed.place))


def _successor(network: Obj, owner: object, taken: int) -> bool:
    """Whether a network was made in the same way as one that an optimiser holds, after it was taken."""
    if type(owner) is not Obj or owner is network or network.cls is not owner.cls or network.name != owner.name:
        return False
    born: int = max(network.fields.get(key, 0) for key in ("$clock", "$from", "$copied"))
    return born > taken


def _position(owner: Obj, layer: Obj) -> tuple[Place, str]:
    """Where a layer was put into a network, and under what name."""
    for path, part in tree.descendants(owner):
        for name, child in tree.children(part):
            if tree.within(layer, child) and not any(tree.within(layer, one) for _, one in tree.children(child)):
                place: Place = part.fields.get("$at " + name) or child.at
                return place, f"{path}.{name}" if path else name
    return layer.at, ""


def _fed(run: Interpreter, optimizer: Obj) -> bool:
    return any(fed.optimizer is optimizer for fed in run.record.timeline.fed)


def _left_out(
    run: Interpreter,
    passed: Passed,
    call: NetworkCall,
    parts: list[Obj],
    whole: bool,
    readers: list[Obj],
    optimizers: list[Obj],
) -> None:
    """State a network, or a part of one, that nobody gave to an optimiser."""
    network = call.network
    name = graph.title(network)
    if FIXED.search(name) or any(_fixed(part) for _, part in tree.descendants(network)):
        return
    if any(part.fields.get("$clock", 0) == 0 for part in parts):
        return
    made = network.at
    if not whole:
        made, path = _position(network, parts[0])
        name = f"{name}.{path.partition('.')[0]}"
        if FIXED.search(path):
            return
    if readers:
        one = readers[0]
        run.record.state(Unowned(ownership.title(one), one.at, "left out", name, made, passed.place))
        return
    steps = [step for step in run.record.timeline.stepped if set(step.loops) & set(passed.loops)]
    lost = [step.optimizer for step in steps if not _fed(run, step.optimizer)]
    if whole and lost and len(steps) == len(lost):
        one = lost[0]
        run.record.state(Unowned(ownership.title(one), one.at, "foreign", name, made, passed.place))


def _fixed(part: Obj) -> bool:
    """Whether parameters were frozen or loaded: what is left out of an optimiser may be meant to stay."""
    return bool(part.fields.get("$frozen") or part.fields.get("$loaded"))
