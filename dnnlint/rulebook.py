"""The installed rules, loaded when they are first needed, and which of them are on where."""

import os
from collections.abc import Iterable
from functools import cached_property

from dnnlint.evidence.script import Unreadable, UnusedSuppression
from dnnlint.rule import Rule
from dnnlint.selection import Selection, check_words, ignored_in, select
from dnnlint.settings import Governor, Settings


class Rulebook:
    """Answers for every file which rules speak there."""

    def __init__(self, governor: Governor) -> None:
        self._governor = governor
        self._selections: dict[str, Selection] = {}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every installed rule."""
        from dnnlint.packs import load_rules

        return load_rules()

    @cached_property
    def about_suppressions(self) -> frozenset[str]:
        """Codes of the rules that judge comments; no comment is expected to be needed for these."""
        return self._asking_for(UnusedSuppression)

    @cached_property
    def only_in_runs(self) -> frozenset[str]:
        """Codes of the rules that look at runs alone: reading cannot tell whether a comment for these is needed."""
        from dnnlint.contract import channels, subscriptions

        kinds = ((rule.code, type(rule)) for rule in self.rules)
        return frozenset(code for code, kind in kinds if channels(kind) and not subscriptions(kind))

    def selection(self, path: str) -> Selection:
        """What is on in an absolute file, its per-file ignores aside."""
        settings = self._settings(path)
        if settings.source not in self._selections:
            always = self._asking_for(Unreadable)  # a file that was not read is never silence
            self._selections[settings.source] = select(self.rules, settings.choices, always)
        return self._selections[settings.source]

    def ignored(self, path: str) -> frozenset[str]:
        """Codes that ``per-file-ignores`` turns off in an absolute file."""
        return ignored_in(path, self._settings(path).per_file_ignores, self.rules)

    def check_words(self, folders: Iterable[str]) -> None:
        """Refuse settings that name unknown rules, even where there is nothing to judge."""
        for settings in {id(settings): settings for settings in map(self._governor.at, folders)}.values():
            if settings.names_rules:
                check_words(settings, self.rules)

    def on_in(self, paths: Iterable[str]) -> list[Rule]:
        """Rules that are on in any of some files."""
        codes = frozenset[str]().union(*(self.selection(path).on for path in paths))
        return [rule for rule in self.rules if rule.code in codes]

    def _settings(self, path: str) -> Settings:
        return self._governor.at(os.path.dirname(path))

    def _asking_for(self, fact: type) -> frozenset[str]:
        from dnnlint.contract import subscriptions

        return frozenset(rule.code for rule in self.rules if fact in subscriptions(type(rule)))
