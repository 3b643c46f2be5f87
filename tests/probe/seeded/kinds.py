"""Kinds of fault: a rule that must see it, and how it is planted into which networks."""

from typing import NamedTuple

from tests.probe.seeded.patch import Edit


class Variant(NamedTuple):
    """One way to plant a fault; the networks must have the lines that it looks for."""

    networks: tuple[str, ...]  # names in networks/
    edits: tuple[Edit, ...]


class Kind(NamedTuple):
    """A fault and the rule that is named after it."""

    name: str
    rule: str
    variants: tuple[Variant, ...]
    crashes: bool = False  # the script ends with an exception of torch's, by design


def into(networks: str, *edits: Edit) -> Variant:
    """Plant the same edits into several networks, their names separated by spaces."""
    return Variant(tuple(networks.split()), edits)


def kind(name: str, rule: str, *variants: Variant, crashes: bool = False) -> Kind:
    """A kind of fault; spelt as a call so that the tables of faults read well."""
    return Kind(name, rule, variants, crashes)
