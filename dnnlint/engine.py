"""The judge: facts in, located and worded diagnostics out."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dnnlint import contract
from dnnlint.diagnostic import Diagnostic, Location, Place, Related, Site
from dnnlint.errors import RuleError
from dnnlint.rule import Finding, Rule

Spot = Place | Site
Locate = Callable[[Collection[Any]], Mapping[Any, Location]]  # of places, or of sites, as the wing gave them


class Verdict(NamedTuple):
    """What one rule found, before it has a line."""

    rule: Rule
    finding: Finding
    source: str = "static"


def judge(facts: Iterable[object], rules: Iterable[Rule]) -> list[Verdict]:
    """Hand each fact to the rules that subscribe to its type."""
    subscribers: dict[type, list[Rule]] = {}
    for rule in rules:
        for kind in contract.subscriptions(type(rule)):
            subscribers.setdefault(kind, []).append(rule)
    verdicts: list[Verdict] = []
    for fact in facts:
        for rule in subscribers.get(type(fact), ()):
            verdicts += _ask(rule, "static", fact)
    return verdicts


def judge_run(record: Mapping[type, object], rules: Iterable[Rule]) -> list[Verdict]:
    """Hand what the channels measured to the rules that asked for all of it; record: by channel type."""
    verdicts = []
    for rule in rules:
        wanted = contract.channels(type(rule))
        if wanted and all(channel in record for channel in wanted):
            verdicts += _ask(rule, "runtime", *(record[channel] for channel in wanted))
    return verdicts


class Spoken(NamedTuple):
    """A finding in words and at its place, not yet held against the others."""

    diagnostic: Diagnostic
    text: str  # the line of source it stands on


def word(verdicts: Iterable[Verdict], locate: Locate) -> list[Spoken]:
    """Locate and word what was found."""
    verdicts = list(verdicts)
    if not verdicts:
        return []
    where = locate({place for verdict in verdicts for place in spots(verdict.finding)})
    return [Spoken(_word(verdict, where), where[verdict.finding.place].text) for verdict in verdicts]


def settle(spoken: Iterable[Spoken]) -> list[Diagnostic]:
    """Sort by place, and keep one finding of a rule a place: the worst."""
    kept: dict[tuple[object, ...], Spoken] = {}
    for one in spoken:
        diagnostic = one.diagnostic
        key = diagnostic.code, diagnostic.filename, diagnostic.span
        if key not in kept or diagnostic.severity.rank > kept[key].diagnostic.severity.rank:
            kept[key] = one
    return _fingerprinted(sorted(kept.values(), key=lambda one: _position(one.diagnostic)))


def diagnose(verdicts: Iterable[Verdict], locate: Locate) -> list[Diagnostic]:
    """Locate, word and settle what was found."""
    return settle(word(verdicts, locate))


def _position(diagnostic: Diagnostic) -> tuple[object, ...]:
    return diagnostic.filename, diagnostic.span, diagnostic.code


def spots(finding: Finding) -> Iterator[Spot]:
    """Every place that a finding speaks of."""
    yield finding.place
    for place, _ in finding.related:
        yield place


def _ask(rule: Rule, half: str, *evidence: object) -> list[Verdict]:
    try:
        return [Verdict(rule, finding, half) for finding in getattr(rule, half)(*evidence)]
    except (Exception, SystemExit) as error:  # anybody's rule: whatever fails in it is told by the rule's name
        import traceback  # only errors need it

        frame = traceback.extract_tb(error.__traceback__)[-1]
        kinds = " and ".join(type(piece).__name__ for piece in evidence)
        reason = f"{type(error).__name__}: {error}, while it judged {_article(kinds)}{_file_of(evidence[0])}"
        raise RuleError(_label(rule), f"{frame.filename}:{frame.lineno}", reason) from error


def _word(verdict: Verdict, where: Mapping[Any, Location]) -> Diagnostic:
    rule, finding, source = verdict
    location = where[finding.place]
    return Diagnostic(
        code=rule.code,
        name=rule.name,
        severity=finding.severity,
        message=_fill(rule, "measured" if source == "runtime" and rule.measured else "message", finding),
        why=_fill(rule, "why", finding),
        mend=_fill(rule, "mend", finding),
        filename=location.filename,
        span=finding.span or location.span,
        source=source,
        confidence=finding.confidence,
        evidence=finding.evidence,
        related=tuple(Related(where[place].filename, where[place].span, text) for place, text in finding.related),
        scope=location.scope,
    )


def _fill(rule: Rule, attribute: str, finding: Finding) -> str:
    template: str = getattr(rule, attribute)
    try:
        return template.format_map(finding.blanks)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        reason = f"its {attribute} {template!r} cannot be filled: {type(error).__name__}: {error}"
        raise RuleError(_label(rule), contract.place(type(rule)), reason) from error


def _fingerprinted(located: Iterable[Spoken]) -> list[Diagnostic]:
    """Name each finding by what stands there instead of by its line, so that it survives edits above it."""
    seen: dict[tuple[str, ...], int] = {}
    named = []
    for diagnostic, text in located:
        essence = " ".join(text.split()) or diagnostic.message
        key = diagnostic.filename.replace("\\", "/"), diagnostic.code, diagnostic.scope, essence
        seen[key] = occurrence = seen.get(key, -1) + 1
        named.append(diagnostic._replace(fingerprint=_digest("\0".join((*key, str(occurrence))))))
    return named


def _digest(text: str) -> str:
    """64-bit FNV-1a: importing hashlib would cost more than everything else that is done for a finding."""
    value = 0xCBF29CE484222325
    for byte in text.encode("utf-8", "surrogatepass"):
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def _label(rule: Rule) -> str:
    return f"{rule.code} {rule.name}"


def _article(kinds: str) -> str:
    return f"a {kinds}" if kinds[:1] not in "AEIOU" else f"an {kinds}"


def _file_of(fact: object) -> str:
    values = fact if isinstance(fact, tuple) else ()
    return next((f" in {value.path}" for value in values if isinstance(value, Place)), "")
