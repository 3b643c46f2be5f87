"""What a run may remember of earlier ones, and where."""

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from dnnlint.digest import digest

if TYPE_CHECKING:
    from typing import Protocol

    from dnnlint.cache.shelf import Shelf
    from dnnlint.cards import Card
    from dnnlint.examine import Examined
    from dnnlint.rule import Rule

    class Book(Protocol):
        """As much of the rulebook as is asked here."""

        def codes_on(self, paths: Collection[str]) -> frozenset[str]:
            """Codes of the rules that are on in any of some files."""

    class Results(Protocol):
        """Results of files examined before."""

        def find(self, path: str, data: bytes) -> Examined | None:
            """What was found in a file, if nothing has changed that it depends on."""

        def keep(self, path: str, data: bytes, examined: Examined) -> None:
            """Remember what was found in a file."""

        def write(self) -> None:
            """Put what is new on disk."""


class Memory:
    """Remembers nothing: the memory of a run without a cache."""

    def cards(self) -> "tuple[Card, ...] | None":
        """The cards of all rules, if they are remembered."""
        return None

    def keep_cards(self, rules: "Sequence[Rule]") -> "tuple[Card, ...]":
        """Make the cards of rules, and remember them."""
        from dnnlint.cards import card

        return tuple(map(card, rules))

    def results(
        self, rulebook: "Book", governed: Collection[str], roots: Sequence[str], read: Callable[[str], bytes]
    ) -> "Results":
        """What is remembered of files under the rules that are on, and the folders that modules are looked for in."""
        return _Nothing()


class _Nothing:
    """No results at all."""

    def find(self, path: str, data: bytes) -> "Examined | None":
        return None

    def keep(self, path: str, data: bytes, examined: "Examined") -> None:
        return None

    def write(self) -> None:
        return None


class CachedMemory(Memory):
    """Remembers in a cache folder."""

    def __init__(self, cache: str) -> None:
        self._cache = cache

    @cached_property
    def _shelf(self) -> "Shelf":
        from dnnlint.cache.shelf import Shelf

        return Shelf(self._cache)

    def cards(self) -> "tuple[Card, ...] | None":
        """The cards of all rules, if no pack has changed since they were kept."""
        return self._shelf.read()

    def keep_cards(self, rules: "Sequence[Rule]") -> "tuple[Card, ...]":
        """Make the cards of rules, and write them down."""
        return self._shelf.keep(rules)

    def results(
        self, rulebook: "Book", governed: Collection[str], roots: Sequence[str], read: Callable[[str], bytes]
    ) -> "Results":
        """Results under a key of their own for every choice of rules, roots, and version of anything."""
        from dnnlint.cache.results import Results

        words = [*sorted(rulebook.codes_on(governed)), *roots]
        key = digest(self._shelf.stamp.encode(), *(word.encode("utf-8", "surrogateescape") for word in words))
        return Results(self._cache, key, read)


FORGETFUL = Memory()
