"""Which rules are on: codes, names, family prefixes and ALL, the more specific word winning as in ruff."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from dnnlint.diagnostic import Confidence, Diagnostic, Severity
from dnnlint.errors import ConfigError, DnnlintError, UsageError
from dnnlint.settings import Choice, FileIgnore, Settings

ALL = "ALL"


class Labelled(Protocol):
    """A rule, or its card."""

    @property
    def code(self) -> str:
        """``DNN401``."""
        ...

    @property
    def name(self) -> str:
        """``softmax-before-cross-entropy``."""
        ...

    @property
    def level(self) -> Severity:
        """How bad its findings are."""
        ...

    @property
    def confidence(self) -> Confidence:
        """How sure they are."""
        ...


Some = TypeVar("Some", bound=Labelled)


class Selection(NamedTuple):
    """Codes that are on, and those among them that were asked for by more than the defaults."""

    on: frozenset[str]
    asked: frozenset[str]

    def shows(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding is wanted: by default only what hurts and is fairly sure."""
        if diagnostic.code in self.asked:
            return True
        sure = diagnostic.severity is not Severity.ADVICE and diagnostic.confidence is not Confidence.LOW
        return sure and diagnostic.code in self.on


def is_default(rule: Labelled) -> bool:
    """Errors and warnings that are fairly sure are on without being asked for."""
    return rule.level is not Severity.ADVICE and rule.confidence is not Confidence.LOW


def select(rules: Sequence[Labelled], choices: Iterable[Choice], always: frozenset[str] = frozenset()) -> Selection:
    """Apply the choices of configuration and command line in turn; `always` stays on unless ignored."""
    on = {rule.code for rule in rules if is_default(rule)}
    asked: set[str] = set()
    refused: set[str] = set()
    for choice in choices:
        wanted = choice.select is not None
        on, asked = (set(), set()) if wanted else (on, asked)
        for selectors, takes in _by_specificity(choice):
            for selector, option in selectors:
                codes = meant(selector, rules, option, choice.source)
                if takes:
                    on, asked, refused = on | codes, asked | codes, refused - codes
                else:
                    on, asked, refused = on - codes, asked - codes, refused | codes
    return Selection(frozenset(on | (always - refused)), frozenset(asked))


def ignored_in(path: str, ignores: Iterable[FileIgnore], rules: Sequence[Labelled]) -> frozenset[str]:
    """Codes that ``per-file-ignores`` turns off in one file."""
    codes: set[str] = set()
    for entry in ignores:
        if entry.glob.matches(path) is not entry.negated:
            for selector in entry.selectors:
                codes |= meant(selector, rules, "per-file-ignores", entry.source)
    return frozenset(codes)


def check_words(settings: Settings, rules: Sequence[Labelled]) -> None:
    """Refuse settings that name a rule or an option of a rule that does not exist."""
    select(rules, settings.choices)
    for entry in settings.per_file_ignores:
        for selector in entry.selectors:
            meant(selector, rules, "per-file-ignores", entry.source)
    for name, options in settings.rules.items():
        rule = find_rule(name, rules)
        if rule is None:
            raise _unknown(name, rules, "rules", settings.source)
        for option in options:
            raise ConfigError(settings.source, f"rules: {rule.name} has no option {option!r}")


def find_rule(word: str, rules: Iterable[Some]) -> Some | None:
    """The rule of exactly this code or name."""
    return next((rule for rule in rules if word in (rule.code, rule.name)), None)


def meant(selector: str, rules: Sequence[Labelled], option: str, source: str = "") -> frozenset[str]:
    """Codes that one selector stands for; a selector that means no rule is an error."""
    exact = find_rule(selector, rules)
    if exact is not None:
        return frozenset({exact.code})
    codes = frozenset(rule.code for rule in rules if selector == ALL or _is_family(selector, rule.code))
    if not codes and not (selector == ALL and not rules):
        raise _unknown(selector, rules, option, source)
    return codes


def codes_by_word(rules: Iterable[Labelled]) -> Mapping[str, str]:
    """Codes by code and by name, for comments that silence."""
    return {word: rule.code for rule in rules for word in (rule.code, rule.name)}


def _is_family(selector: str, code: str) -> bool:
    return selector[:1].isalpha() and selector.isupper() and code.startswith(selector)


def _by_specificity(choice: Choice) -> Iterable[tuple[list[tuple[str, str]], bool]]:
    """Selectors from the broadest to the narrowest; among equals, ignoring comes last."""
    takes = [(word, "select") for word in choice.select or ()] + [(w, "extend-select") for w in choice.extend_select]
    drops = [(word, "ignore") for word in choice.ignore]
    for rank in sorted({_specificity(word) for word, _ in takes + drops}):
        yield [item for item in takes if _specificity(item[0]) == rank], True
        yield [item for item in drops if _specificity(item[0]) == rank], False


def _specificity(selector: str) -> int:
    if selector == ALL:
        return 0
    return len(selector) if selector.isupper() else 99  # a name means one rule


def _unknown(selector: str, rules: Iterable[Labelled], option: str, source: str) -> DnnlintError:
    from dnnlint.suggest import nearest

    known = [*codes_by_word(rules), ALL]
    reason = f"unknown rule {selector!r}{nearest(selector, known)}"
    return ConfigError(source, f"{option}: {reason}") if source else UsageError(f"--{option}: {reason}")
