"""The installed rules, loaded when they are first needed, and which of them are on where."""

import os
from collections.abc import Iterable
from functools import cached_property

from dnnlint.cards import Card
from dnnlint.evidence.source import Unreadable, UnusedSuppression
from dnnlint.memory import FORGETFUL, Memory
from dnnlint.rule import Rule
from dnnlint.selection import Selection, check_words, ignored_in, select
from dnnlint.settings import Governor, Settings


class Rulebook:
    """Answers for every file which rules speak there."""

    def __init__(self, governor: Governor, memory: Memory = FORGETFUL) -> None:
        self._governor = governor
        self._memory = memory
        self._selections: dict[str, Selection] = {}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every installed rule."""
        from dnnlint.packs import load_rules

        return load_rules()

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """What has to be known of every installed rule to choose among them."""
        return self._memory.cards() or self._memory.keep_cards(self.rules)

    @cached_property
    def about_suppressions(self) -> frozenset[str]:
        """Codes of the rules that judge comments; no comment is expected to be needed for these."""
        return self._asking_for(UnusedSuppression)

    @cached_property
    def only_in_runs(self) -> frozenset[str]:
        """Codes of the rules that look at runs alone: reading cannot tell whether a comment for these is needed."""
        return frozenset(card.code for card in self.cards if card.watches and not card.facts)

    def selection(self, path: str) -> Selection:
        """What is on in an absolute file, its per-file ignores aside."""
        settings = self._settings(path)
        if settings.source not in self._selections:
            always = self._asking_for(Unreadable)  # a file that was not read is never silence
            self._selections[settings.source] = select(self.cards, settings.choices, always)
        return self._selections[settings.source]

    def ignored(self, path: str) -> frozenset[str]:
        """Codes that ``per-file-ignores`` turns off in an absolute file."""
        return ignored_in(path, self._settings(path).per_file_ignores, self.cards)

    def check_words(self, folders: Iterable[str]) -> None:
        """Refuse settings that name unknown rules, even where there is nothing to judge."""
        for settings in {id(settings): settings for settings in map(self._governor.at, folders)}.values():
            if settings.names_rules:
                check_words(settings, self.cards)

    def codes_on(self, paths: Iterable[str]) -> frozenset[str]:
        """Codes of the rules that are on in any of some files."""
        return frozenset[str]().union(*(self.selection(path).on for path in paths))

    def on_in(self, paths: Iterable[str]) -> list[Rule]:
        """Rules that are on in any of some files."""
        codes = self.codes_on(paths)
        return [rule for rule in self.rules if rule.code in codes]

    def _settings(self, path: str) -> Settings:
        return self._governor.at(os.path.dirname(path))

    def _asking_for(self, fact: type) -> frozenset[str]:
        return frozenset(card.code for card in self.cards if fact.__name__ in card.facts)
