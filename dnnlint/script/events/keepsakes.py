"""Weights that are put aside while the network trains on: a reference to them changes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import AliasedWeights
from dnnlint.script import flow, graph, ir, spelling
from dnnlint.script.code import Args, Handler
from dnnlint.script.events import ownership
from dnnlint.script.networks import naming, tree
from dnnlint.script.tables import metrics
from dnnlint.script.values import Const, Obj, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOST = 40  # keepsakes of one run


def state_dict(run: Interpreter, network: Obj, node: Any) -> Value:
    """``network.state_dict()``: a dict of the tensors that the network goes on training."""
    made = flow.unknown(())
    made.at = run.place(node)
    made.fields["$state"] = network
    _remember(run, made, network)
    return made


def kept(run: Interpreter, statement: Any, value: Obj) -> None:
    """A network is bound to a second name, that of the best one, in a loop."""
    target = statement.targets[0]
    if type(statement.value) not in (ir.Name, ir.Attr) or "best" not in metrics.parts(spelling.last(target)):
        return
    if value.kind == "opaque" and not naming.network_like(value):
        return
    made = Obj("keepsake", None, run.place(statement), spelling.last(target))
    made.fields["$network"] = value
    _remember(run, made, value)


def _remember(run: Interpreter, made: Obj, network: Obj) -> None:
    made.fields["$arm"], made.fields["$of"] = run.arm, network
    made.fields["$born"] = run.tick()
    if len(run.record.keepsakes) < _MOST:
        run.record.keepsakes.append(made)


def outdated(run: Interpreter, optimizer: Obj) -> None:
    """An optimiser stepped: what was kept of its networks by reference is no longer what it was."""
    for one in run.record.keepsakes:
        if not one.fields.get("$stale") and _trains(run, optimizer, one.fields["$of"]):
            run.write(one.fields, "$stale", True)
            one.fields["$changed"] = True


def _trains(run: Interpreter, optimizer: Obj, network: Obj) -> bool:
    owners = ownership.owned(optimizer)
    if not owners:
        return len(run.record.optimizers) == 1
    return any(tree.within(owner, network) or tree.within(network, owner) for owner in owners)


def left(run: Interpreter, born: int) -> None:
    """A loop is left: what was put aside on the very same path, since its iteration began, is as it was."""
    for one in run.record.keepsakes:
        if one.fields["$arm"] == run.arm and one.fields["$born"] >= born:
            one.fields["$left"] = True


def loaded(run: Interpreter, network: Obj | None, args: Args, node: Any) -> None:
    """``network.load_state_dict(weights)``."""
    if network is not None and not run.exploring:
        network.fields["$loaded"] = True
    value = args.get(0, "state_dict")
    for option in options(value) if value is not None else ():
        if type(option) is Obj and _old(option):
            of: Obj = option.fields["$state"]
            if of is network or _best(option):
                _state(run, option, of, node)


def _saved(run: Interpreter, args: Args, node: Any) -> Value:
    """``torch.save(weights, path)``, long after they were put aside."""
    value = args.get(0, "obj")
    for option in options(value) if value is not None else ():
        if type(option) is Obj and _old(option) and _best(option):
            _state(run, option, option.fields["$state"], node)
    return Const(None)


def _old(value: Obj) -> bool:
    return bool("$state" in value.fields and value.fields.get("$stale") and not value.fields.get("$left"))


def _best(value: Obj) -> bool:
    return "best" in metrics.parts(value.name)


def _state(run: Interpreter, value: Obj, network: Obj, node: Any) -> None:
    run.record.state(AliasedWeights(value.at, graph.title(network), value.name or "it", run.place(node), False))


def complete(run: Interpreter) -> None:
    """State the networks that were kept under a second name, and trained on."""
    mentions = run.main.mentions
    for one in run.record.keepsakes:
        changed = one.kind == "keepsake" and one.fields.get("$changed") and not one.fields.get("$left")
        if changed and mentions.get(one.name, 2) > 1:
            network = one.fields["$of"]
            run.record.state(AliasedWeights(one.at, graph.title(network), one.name, None, True))


HANDLERS: dict[str, Handler] = {"torch.save": _saved}
