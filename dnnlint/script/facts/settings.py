"""The numbers that an optimiser is built with: rates, momentum, and whether they hold from the first step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import LossCall, OptimizerSetting, Rate
from dnnlint.script import objects
from dnnlint.script.code import Args
from dnnlint.script.events import ownership
from dnnlint.script.facts import purpose
from dnnlint.script.networks import tree
from dnnlint.script.tables import rates
from dnnlint.script.values import Const, Obj, Tensor, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOMENTUM = {"SGD": 2, "RMSprop": 5}  # position of the argument, where a class of torch has it


def state(run: Interpreter, optimizer: Obj) -> None:
    """State an optimiser of a network, if any number of it is known."""
    args: Args | None = optimizer.fields.get("$args")
    if args is None or purpose.unit_test(optimizer.at.path):
        return
    kind = str(optimizer.cls).rpartition(".")[2]
    family = rates.FAMILIES.get(kind)
    if family is None or not _networks(optimizer):
        return
    own = args.get(1, "lr") or args.keywords.get("learning_rate")
    known = _rates(optimizer, args, own)
    momentum = _rate(optimizer, args.get(_MOMENTUM[kind], "momentum")) if kind in _MOMENTUM else None
    betas = _betas(optimizer, args, family.family)
    if not (known or momentum or betas):
        return
    layers = _layers(optimizer)
    run.record.state(
        OptimizerSetting(
            kind,
            optimizer.at,
            family.family,
            family.usual,
            family.low,
            family.high,
            tuple(known),
            bool(optimizer.fields.get("$rescaled") or "$handed" in optimizer.fields),
            layers is not None and layers <= 1,
            momentum,
            betas,
            _frozen(optimizer),
            layers is not None and not any(part.fields.get("$loaded") for part in run.record.modules),
            _summed(run),
        )
    )


def _networks(optimizer: Obj) -> bool:
    """Whether an optimiser has parameters of a network, not just single tensors such as an image."""
    owners = ownership.owned(optimizer)
    return not owners or not all(type(owner) is Tensor for owner in owners)


def _layers(optimizer: Obj) -> int | None:
    """How many layers learn; None unless everything about the network is known."""
    owners = ownership.owned(optimizer)
    if not owners or not optimizer.fields.get("$known"):
        return None
    learning = 0
    for owner in owners:
        if type(owner) is not Obj or owner.kind != "module":
            return None
        for _, part in tree.descendants(owner):
            spec = part.fields.get("$spec")
            opaque = any(type(v) is Obj and v.kind == "opaque" for k, v in part.fields.items() if k[:1] != "$")
            if opaque or part.fields.get("$open") or (spec is None and isinstance(part.cls, str)):
                return None
            learning += bool(spec is not None and spec.parametric and spec.kind != "batchnorm")
    return learning


def _frozen(optimizer: Obj) -> bool:
    """Whether a part of a network is meant to stay as it is."""
    modules = [owner for owner in ownership.owned(optimizer) if tree.is_module(owner)]
    return any(tree.partly_frozen(module) for module in modules)


def _summed(run: Interpreter) -> bool:
    """Whether some loss is not known to be averaged over its batch."""
    return any(type(fact) is LossCall and fact.reduction != "mean" for fact in run.record.facts)


def _rates(optimizer: Obj, args: Args, own: Value | None) -> list[Rate]:
    """The rates that parameters are trained at: of the groups, and the common one where a group has none."""
    found = []
    groups = objects.known_items(args.positional[0]) if args.positional else None
    entries = [item for item in groups or () if type(item) is Obj and item.kind == "dict"]
    for entry in entries:
        known = objects.known_entries(entry)
        found.append(_rate(optimizer, known.get("lr")) if known is not None else None)
    whole = bool(entries) and all("lr" in entry.fields["$items"] for entry in entries)
    if not whole:
        found.append(_rate(optimizer, own))
    return [rate for rate in found if rate is not None]


def _rate(optimizer: Obj, value: Value | None) -> Rate | None:
    """A number that is known, and where it is written; one that only a default gives counts on the usual path alone."""
    if type(value) is not Const or type(value.value) not in (int, float):
        return None
    at = getattr(value, "at", None)
    written = Place(*at) if at is not None else None
    close = written is not None and written.path == optimizer.at.path and 0 < written.node - optimizer.at.node < 40
    if not (optimizer.fields.get("$certain") or (close and not value.soft)):
        return None
    return Rate(float(value.value), written or optimizer.at)


def _betas(optimizer: Obj, args: Args, family: str) -> tuple[Rate, Rate] | None:
    given = args.get(2, "betas")
    if family not in ("Adam", "Lion") or type(given) is not Tuple or len(given.items) != 2:
        return None
    first, second = (_rate(optimizer, item) for item in given.items)
    return (first, second) if first is not None and second is not None else None
