"""The default format: carets stand under the code, whatever the code holds."""

import pytest

from dnnlint.diagnostic import Confidence, Diagnostic, Related, Severity, Span
from dnnlint.report.full import full
from dnnlint.report.paint import joined

FINDING = Diagnostic(
    "DNN401", "softmax-before-cross-entropy", Severity.ERROR, "seen", "why so", "mend it", "a.py", Span(1, 1, 1, 2)
)


def shown(diagnostic: Diagnostic, *lines: str) -> str:
    return joined(full([diagnostic], lambda _: lines), colour=False)


def frame_of(span: Span, *lines: str) -> list[str]:
    """Lines of the frame, without their line numbers."""
    rows = shown(FINDING._replace(span=span), *lines).splitlines()[2:]
    return [row.partition("|")[2] for row in rows if "|" in row.partition("=")[0]]


def test_a_finding_is_shown_whole() -> None:
    finding = FINDING._replace(
        span=Span(10, 5, 10, 9),
        related=(Related("b.py", Span(2, 1, 2, 4), "built here"),),
        confidence=Confidence.MEDIUM,
    )

    assert shown(finding, *["code"] * 9, "x = call(y)", "end") == (
        "a.py:10:5: DNN401 softmax-before-cross-entropy [error, medium confidence]\n"
        "seen\n"
        "   |\n"
        " 8 | code\n"
        " 9 | code\n"
        "10 | x = call(y)\n"
        "   |     ^^^^\n"
        "11 | end\n"
        "   |\n"
        "   = why: why so\n"
        "   = mend: mend it\n"
        "   = see: b.py:2:1: built here\n"
        "     2 | code\n"
        "       | ^^^\n"
        "   = more: dnnlint rule DNN401\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("line", "column", "end", "code", "carets"),
    [
        ("\tf(x)", 2, 6, "     f(x)", "     ^^^^"),
        ("a = '宽宽' + f", 12, 13, " a = '宽宽' + f", "              ^"),
        ("宽 = 1", 1, 2, " 宽 = 1", " ^^"),
        ("é = f", 6, 7, " é = f", "      ^"),  # the accent is a character of its own
        ("'\x1b[31m' + f", 11, 12, " '␛[31m' + f", "           ^"),
        ("'\u202e' + f", 7, 8, " '\N{REPLACEMENT CHARACTER}' + f", "       ^"),
        ("[/b] :warning: x[i]", 16, 20, " [/b] :warning: x[i]", "                ^^^^"),
        ("short", 40, 45, " short", "      ^"),
        ("point", 3, 3, " point", "   ^"),
        ("rest of line   ", 6, 99, " rest of line", "      ^^^^^^^"),
    ],
)
def test_carets_stand_under_the_span(line: str, column: int, end: int, code: str, carets: str) -> None:
    assert frame_of(Span(1, column, 1, end), line) == ["", code, carets, ""]


def test_of_a_span_over_several_lines_the_first_is_marked() -> None:
    assert frame_of(Span(1, 5, 2, 3), "x = f(", "  1)") == ["", " x = f(", "     ^^", "   1)", ""]


@pytest.mark.parametrize("length", [141, 100_000, 2_000_000])
def test_of_a_very_long_line_the_part_around_the_span_is_shown(length: int) -> None:
    line = "a" * length + "SPAN" + "b" * length

    _, code, carets, _ = frame_of(Span(1, length + 1, 1, length + 5), line)

    assert len(code) < 160
    assert code.startswith(" ...a")
    assert code.endswith("b...")
    assert carets.index("^") == code.index("SPAN")
    assert carets.count("^") == 4


def test_a_short_neighbour_of_a_long_line_is_shown_from_its_start() -> None:
    assert frame_of(Span(2, 901, 2, 902), "before", "x" * 1000)[1] == " before"


@pytest.mark.parametrize("lines", [(), ("",), ("\0ELF",)])
def test_without_a_text_there_is_no_frame(lines: tuple[str, ...]) -> None:
    assert frame_of(Span(1, 1, 1, 1), *lines) == []


def test_a_file_name_cannot_break_the_line() -> None:
    assert shown(FINDING._replace(filename="a\n\x1b[b].py"), "x").startswith("a ␛[b].py:1:1: DNN401")


def test_colour_changes_nothing_but_the_escape_codes() -> None:
    finding = FINDING._replace(message="[bold]x[i]", related=(Related("a.py", Span(1, 1, 1, 2), "here"),))
    segments = list(full([finding], lambda _: ["x[i] = '[/foo]'  # :warning: 12345"]))

    coloured = joined(segments, colour=True)

    for style in ("\x1b[1;31m", "\x1b[1m", "\x1b[34m", "\x1b[36m", "\x1b[0m"):
        coloured = coloured.replace(style, "")
    assert coloured == joined(segments, colour=False)
