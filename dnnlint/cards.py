"""What has to be known of a rule before it is asked: its name, its level, and what it asks for."""

import sys
from collections.abc import Iterable
from typing import NamedTuple

from dnnlint.diagnostic import Confidence, Severity
from dnnlint.rule import Rule


class Card(NamedTuple):
    """A rule without its code: enough to select it, and quick to remember."""

    code: str
    name: str
    level: Severity
    confidence: Confidence
    facts: tuple[str, ...]  # names of the facts that its static half asks for
    watches: bool  # whether it has a runtime half


def card(rule: Rule) -> Card:
    """The card of a rule."""
    from dnnlint.contract import channels, subscriptions

    facts = tuple(fact.__name__ for fact in subscriptions(type(rule)))
    return Card(rule.code, rule.name, rule.level, rule.confidence, facts, bool(channels(type(rule))))


def homes(rules: Iterable[Rule]) -> list[str]:
    """Folders of the packages that rules come from."""
    packages = dict.fromkeys(type(rule).__module__.partition(".")[0] for rule in rules)
    return [folder for package in packages for folder in getattr(sys.modules.get(package), "__path__", ())]
