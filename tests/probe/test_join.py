"""A suspicion from the source and its proof from the run are one finding."""

from typing import Any

import pytest

from dnnlint.diagnostic import Confidence, Diagnostic, Related, Severity, Span
from dnnlint.join import join


def line(row: int, end_row: int | None = None) -> Span:
    return Span(row, 5, end_row or row, 20)


def finding(row: int, source: str = "static", **more: Any) -> Diagnostic:
    base = Diagnostic(
        code="TST101",
        name="lossy-line",
        severity=Severity.WARNING,
        message=f"{source} message",
        why="It hurts.",
        mend="Mend it.",
        filename="train.py",
        span=line(row),
        source=source,
        fingerprint=f"{source}-{row}",
    )
    return base._replace(**more)


def read(row: int, **more: Any) -> Diagnostic:
    return finding(row, **more)


def seen(row: int, **more: Any) -> Diagnostic:
    return finding(row, "runtime", **more)


def test_nothing_and_nothing_is_nothing() -> None:
    assert join([], []) == []


def test_one_wing_alone_stays_as_it_is_and_is_sorted() -> None:
    assert join([read(9), read(2)], []) == [read(2), read(9)]
    assert join([], [seen(9), seen(2)]) == [seen(2), seen(9)]


def test_the_same_line_is_the_same_fault() -> None:
    suspicion = read(4, scope="main", evidence={"measured": None, "read": 1}, confidence=Confidence.MEDIUM)
    proof = seen(4, span=line(3, 4), evidence={"measured": 7.1, "unit": "nats"}, severity=Severity.ERROR)

    (joined,) = join([suspicion], [proof])

    assert joined.source == "both"
    assert joined.message == "static message; in the run: runtime message"
    assert (joined.span, joined.scope, joined.fingerprint) == (line(4), "main", "static-4")
    assert joined.evidence == {"measured": 7.1, "read": 1, "unit": "nats"}
    assert (joined.severity, joined.confidence) == (Severity.ERROR, Confidence.HIGH)
    assert joined.related == ()


def test_the_severity_of_the_suspicion_stays_if_it_is_the_higher_one() -> None:
    (joined,) = join([read(4, severity=Severity.ERROR)], [seen(4, confidence=Confidence.LOW)])

    assert (joined.severity, joined.confidence) == (Severity.ERROR, Confidence.HIGH)


def test_a_sentence_is_not_said_twice() -> None:
    (joined,) = join([read(4, message="same")], [seen(4, message="same")])

    assert joined.message == "same"


@pytest.mark.parametrize("speaker", ["suspicion", "proof"])
def test_a_related_line_may_lie_in_another_file(speaker: str) -> None:
    to_proof = (Related("net.py", line(30), "built here"),)
    to_suspicion = (Related("train.py", line(4), "called here"),)
    suspicion = read(4, related=to_proof if speaker == "suspicion" else ())
    proof = seen(30, filename="net.py", related=to_suspicion if speaker == "proof" else ())

    found = join([suspicion, read(60)], [proof, seen(50, filename="net.py")])

    assert [(one.source, one.filename, one.span.row) for one in found] == [
        ("runtime", "net.py", 50),
        ("both", "train.py", 4),
        ("static", "train.py", 60),
    ]
    joined = found[1]
    message = "built here" if speaker == "suspicion" else "seen in the run here"
    assert joined.related == (Related("net.py", line(30), message),)


def test_the_only_ones_of_their_rule_in_a_file_belong_together() -> None:
    (joined,) = join([read(4)], [seen(30, related=(Related("train.py", line(50), "other"),))])

    assert joined.span == line(4)
    assert [(one.span.row, one.message) for one in joined.related] == [(30, "seen in the run here"), (50, "other")]


@pytest.mark.parametrize(
    ("static", "watched"),
    [
        ([read(4)], [seen(30), seen(40)]),
        ([read(4), read(5)], [seen(30)]),
        ([read(4)], [seen(4, code="TST102")]),
        ([read(4)], [seen(4, filename="net.py")]),
    ],
    ids=["two seen", "two read", "another rule", "another file"],
)
def test_what_does_not_belong_together_stays_apart(static: list[Diagnostic], watched: list[Diagnostic]) -> None:
    apart = join(static, watched)

    assert sorted(apart) == sorted([*static, *watched])


def test_the_closest_pair_is_joined_first() -> None:
    far = seen(9, related=(Related("train.py", line(4), "called here"),))

    joined = join([read(4)], [far, seen(4)])

    assert [(one.source, one.span.row) for one in joined] == [("both", 4), ("runtime", 9)]


def test_one_proof_proves_one_suspicion() -> None:
    joined = join([read(4), read(6)], [seen(4, span=line(4, 6))])

    assert [(one.source, one.span.row) for one in joined] == [("both", 4), ("static", 6)]
