"""Which findings are kept: what configuration, selection and comments leave of them."""

import os
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from dnnlint.diagnostic import Diagnostic
from dnnlint.evidence.source import UnusedSuppression
from dnnlint.rulebook import Rulebook
from dnnlint.script.discover import excluded_below
from dnnlint.script.markers import MARKER
from dnnlint.selection import codes_by_word, is_default
from dnnlint.settings import Governor
from dnnlint.texts import Texts

if TYPE_CHECKING:
    from dnnlint.script.suppressions import Silencer


class Silence:
    """Holds the comments of all files that findings lie in, checked or imported."""

    def __init__(self, texts: Texts, rulebook: Rulebook, governor: Governor, checked: Collection[str]) -> None:
        self._texts = texts
        self._rulebook = rulebook
        self._governor = governor
        self._checked = frozenset(checked)
        self._folders = {os.getcwd(), *map(os.path.dirname, checked)}
        self._silencers: dict[str, Silencer | None] = {}
        self.count = 0

    def keeps(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding is to be shown; the comment that silences it is noted as needed."""
        path = self._texts.path(diagnostic.filename)
        silencer = self._silencer(path)
        if silencer is not None and silencer.silences(diagnostic.code, diagnostic.span.row):
            self.count += 1
            return False
        return self.allows(diagnostic) and not self._is_foreign(path)

    def allows(self, diagnostic: Diagnostic) -> bool:
        """Whether the settings of the finding's file want it."""
        path = self._texts.path(diagnostic.filename)
        return self._rulebook.selection(path).shows(diagnostic) and diagnostic.code not in self._rulebook.ignored(path)

    def unused(self, paths: Iterable[str]) -> Iterator[UnusedSuppression]:
        """Comments in these files that silenced nothing, once every finding has been asked about."""
        own = self._rulebook.about_suppressions
        for path in paths:
            checkable = self._rulebook.selection(path).on - self._rulebook.ignored(path)
            silencer = self._silencer(path) if checkable & own else None
            if silencer is not None:
                judged = checkable - own - self._rulebook.only_in_runs
                facts = silencer.unused(judged, self._defaults <= checkable)
                yield from (fact for fact in facts if not self._is_expected(silencer, fact, own))

    @property
    def _defaults(self) -> frozenset[str]:
        return frozenset(card.code for card in self._rulebook.cards if is_default(card))

    def _is_expected(self, silencer: "Silencer", fact: UnusedSuppression, own: Collection[str]) -> bool:
        return any(silencer.silences_unused(code, fact.row) for code in own)

    def _is_foreign(self, path: str) -> bool:
        """Whether a finding lies in an excluded file that was only imported by a checked one."""
        root = path
        while root not in self._folders and root != os.path.dirname(root):
            root = os.path.dirname(root)
        return path not in self._checked and excluded_below(path, root, self._governor.excludes)

    def _silencer(self, path: str) -> "Silencer | None":
        if path not in self._silencers:
            self._silencers[path] = self._read_comments(path)
        return self._silencers[path]

    def _read_comments(self, path: str) -> "Silencer | None":
        text = self._texts.text(path)
        if not MARKER.search(text.encode("utf-8", "replace")):
            return None
        from dnnlint.script.suppressions import Silencer

        return Silencer(path, text, codes_by_word(self._rulebook.cards))
