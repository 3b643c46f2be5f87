"""What was seen in a run, as diagnostics: located, worded, and less what comments and settings silence."""

import os
from collections.abc import Collection, Iterable, Sequence

from dnnlint.contract import channels
from dnnlint.diagnostic import Diagnostic, Location, Site
from dnnlint.engine import Verdict, diagnose
from dnnlint.rule import Rule
from dnnlint.rulebook import Rulebook
from dnnlint.settings import Governor
from dnnlint.silence import Silence
from dnnlint.texts import Texts


class Watched:
    """Words the findings of one run; names are relative to the working directory at its start."""

    def __init__(self, script: str, governor: Governor) -> None:
        self._script = script
        self._governor = governor
        self._texts = Texts()
        self._rulebook = Rulebook(governor)
        self.silenced = 0  # findings under a comment, when all were worded last

    def rules(self) -> list[Rule]:
        """The selected rules that look at runs."""
        here = os.path.join(os.getcwd(), os.path.basename(self._script))
        self._rulebook.check_words({os.path.dirname(self._script), os.getcwd()})
        return [rule for rule in self._rulebook.on_in({self._script, here}) if channels(type(rule))]

    def word(self, verdicts: Iterable[Verdict]) -> list[Diagnostic]:
        """Findings to be shown, sorted by place."""
        silence = Silence(self._texts, self._rulebook, self._governor, (self._script,))
        kept = [one for one in diagnose(verdicts, self._locate) if _is_kept(one, silence)]
        self.silenced = silence.count
        return kept

    def only_checked(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Findings less those about unneeded comments: what a run needs these for is not known to a check."""
        return [one for one in diagnostics if one.code not in self._rulebook.about_suppressions]

    def name(self, path: str) -> str:
        """How a file is called."""
        return self._texts.name(path)

    def lines(self, name: str) -> Sequence[str]:
        """Lines of a file that a finding names."""
        return self._texts.lines(name)

    def _locate(self, sites: Collection[Site]) -> dict[Site, Location]:
        return {site: self._location(site) for site in sites}

    def _location(self, site: Site) -> Location:
        name = self._texts.name(site.path)
        lines = self._texts.lines(name)
        text = lines[site.span.row - 1] if 1 <= site.span.row <= len(lines) else ""
        return Location(name, site.span, site.scope, (site.span.row, site.span.end_row), text)


def _is_kept(diagnostic: Diagnostic, silence: Silence) -> bool:
    """Whether no comment silences a finding, at its line or at one where a check would have put it."""
    here = [diagnostic.span, *(one.span for one in diagnostic.related if one.filename == diagnostic.filename)]
    return all(silence.keeps(diagnostic._replace(span=span)) for span in here)
