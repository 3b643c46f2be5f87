"""The cards of all installed rules, remembered as long as no pack changes."""

import contextlib
import json
import os
from collections.abc import Sequence

from dnnlint.cache import folder, stamps
from dnnlint.cards import Card, card, homes
from dnnlint.diagnostic import Confidence, Severity
from dnnlint.digest import digest
from dnnlint.rule import Rule

_FILE = "rules.json"
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Shelf:
    """Keeps cards in a cache folder; what cannot be read or written is as if it had never been kept."""

    def __init__(self, cache: str) -> None:
        self._cache = cache
        self._environment = stamps.environment()
        self._folders: list[str] = []
        self._stamp = ""

    @property
    def stamp(self) -> str:
        """Stands for dnnlint and all rules, once the cards were read or kept."""
        return self._stamp

    def read(self) -> tuple[Card, ...] | None:
        """The cards, None if there are none or a pack has changed since."""
        try:
            with open(os.path.join(self._cache, _FILE), encoding="utf-8") as file:
                kept = json.load(file)
            cards = tuple(_card(*values) for values in kept["cards"])
            folders = [str(one) for one in kept["folders"]]
            stamp = self._name(folders)
            if kept["stamp"] != stamp:
                return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        self._stamp = stamp
        return cards

    def keep(self, rules: Sequence[Rule]) -> tuple[Card, ...]:
        """Make the cards of rules, and write them down."""
        cards = tuple(map(card, rules))
        worked_on = [home for home in [_OWN, *homes(rules)] if not stamps.is_installed(home)]
        self._stamp = self._name(worked_on)
        kept = {"stamp": self._stamp, "folders": worked_on, "cards": cards}
        with contextlib.suppress(OSError):  # a disk that is full or not ours: the run goes on without
            folder.replace(os.path.join(folder.make(self._cache), _FILE), lambda: json.dumps(kept))
        return cards

    def _name(self, folders: Sequence[str]) -> str:
        return digest(self._environment.encode(), stamps.code(folders).encode())


def _card(code: str, name: str, level: str, confidence: str, facts: list[str], watches: bool) -> Card:
    return Card(code, name, Severity(level), Confidence(confidence), tuple(facts), watches)
