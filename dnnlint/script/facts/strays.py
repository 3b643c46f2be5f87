"""Layers that only a plain container knows: no optimiser gets them, no ``to()`` moves them."""

from __future__ import annotations

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Stray
from dnnlint.script import objects
from dnnlint.script.code import Class
from dnnlint.script.facts import nodes
from dnnlint.script.networks import tree
from dnnlint.script.values import Obj, Tuple, Value, options


def strays(obj: Obj, networks: list[Obj]) -> tuple[Stray, ...]:
    """Layers of a network that only a plain container knows; ``networks`` are all that were built."""
    if type(obj.cls) is not Class:
        return ()
    found = []
    for name, value in obj.fields.items():
        if name[:1] == "$" or not isinstance(value, Value):
            continue
        container, members = _members(value)
        kinds = [member for member in members if _learns(member) and not member.fields.get("$registered")]
        place: Place | None = obj.fields.get("$at " + name)
        if container and kinds and place is not None and _own_layers(kinds, obj, networks) and not _handled(members):
            names = tuple(dict.fromkeys(nodes.layer(member).kind for member in kinds))
            found.append(Stray(place, name, container, names))
    return tuple(found)


def _own_layers(members: list[Obj], obj: Obj, networks: list[Obj]) -> bool:
    """Whether layers are meant as parts: a network that was handed in may be kept apart on purpose (a teacher)."""
    if len(members) > 1 and any("$spec" in member.fields for member in members):
        return True
    member = members[0]
    born = member.fields.get("$clock", member.fields.get("$from", 0))
    if _during(born, obj):
        return True
    # made by the network that this one is a part of, and handed on: EncoderStack([Layer() for ...])
    return any(one is not obj and _during(born, one) and tree.within(obj, one) for one in networks)


def _during(born: int, obj: Obj) -> bool:
    """Whether something was made while a network was built."""
    return bool(obj.fields.get("$from", 0) < born < obj.fields.get("$to", 0))


def _learns(obj: Obj) -> bool:
    return tree.has_parameters(obj) is True


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
