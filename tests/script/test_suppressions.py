"""Comments that silence: found in any text, and only where they are comments."""

import io
import tokenize
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dnnlint.script import comments
from dnnlint.script.comments import Layout, scan
from dnnlint.script.suppressions import Silencer, read_suppressions

CODES = {"DNN401": "DNN401", "softmax": "DNN401", "DNN511": "DNN511", "ACM12": "ACM12"}
EVERYTHING = frozenset(CODES.values())


def by_tokenize(text: str) -> Layout:
    """The same layout from the standard library, slower and only for texts that it can read."""
    statements: list[tuple[int, int]] = []
    found, first, decorated = [], None, 0
    for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
        if token.type == tokenize.COMMENT:
            found.append((token.start[0], token.start[1] + 1, token.string.rstrip("\r")))
        elif token.type == tokenize.NEWLINE and first is not None:
            if first.string == "@":
                decorated = decorated or first.start[0]
            else:
                statements.append((decorated or first.start[0], token.start[0]))
                decorated = 0
            first = None
        elif first is None and token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            first = token
    return Layout(tuple(statements), tuple(comments.Comment(*spot, None, 0) for spot in found))


def agrees(text: str) -> bool:
    ours, theirs = scan(text), by_tokenize(text)
    spots = [(comment.row, comment.column, comment.text) for comment in ours.comments]
    return ours.statements == theirs.statements and spots == [comment[:3] for comment in theirs.comments]


@pytest.mark.parametrize("module", [tokenize, io, pytest, comments], ids=lambda module: module.__name__)
def test_real_modules_are_laid_out_as_tokenize_does(module: object) -> None:
    file = str(getattr(module, "__file__", ""))

    assert agrees(Path(file).read_bytes().decode())


PIECES = st.sampled_from(
    [
        "x = 1",
        "@deco",
        "def f(a, b=[1, 2]):",
        "  return a",
        "# dnnlint: ignore[DNN401]",
        "y = f(",
        "  'a # b',",
        ")",
        "z = '''one",
        "# two '''",
        'w = r"\\"  # three',
        "if x: \\",
        "   y = {1: (2,)}",
        "",
        "\f",
        "#",
        "s = b'\\\\' 'it\\'s # not' # four",
    ]
)
TEXTS = st.lists(PIECES, max_size=12).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join([*lines, ""]))
)


@given(TEXTS)
def test_whatever_tokenize_can_read_is_laid_out_alike(text: str) -> None:
    try:
        compile(text, "text", "exec")
    except (SyntaxError, ValueError):
        return
    assert agrees(text)


@given(st.text(alphabet=st.sampled_from("'\"\\#\r\n()[]{} \t@abf\0") | st.characters(), max_size=200))
@example("'''")
@example("'\\")
@example("x = '''\\")
@example("@a")
def test_any_text_at_all_is_laid_out_in_order(text: str) -> None:
    layout = scan(text)

    rows = [row for statement in layout.statements for row in statement]
    assert rows == sorted(rows)
    assert all(comment.text.startswith("#") for comment in layout.comments)
    lines = comments._LINE_END.split(text.removeprefix("\ufeff"))
    assert all(lines[c.row - 1][c.column - 1 :].startswith(c.text) for c in layout.comments)


def test_a_broken_end_does_not_hide_the_comments_before_it() -> None:
    text = "x = 1  # dnnlint: ignore[DNN401]\nprint 'py2'\ny = (\nfoo `bar` $ ?\n'''never closed"

    found, layout = read_suppressions(text)

    assert [suppression.rows for suppression in found] == [(1, 1)]
    assert layout.statements[:2] == ((1, 1), (2, 2))


@pytest.mark.parametrize(
    "line",
    [
        "'# dnnlint: ignore'",
        '"""\n# dnnlint: ignore\n"""',
        "f'{x}# dnnlint: ignore'",
        "r'\\\\'  '# noqa'",
        "'a\\\n# noqa'",
    ],
)
def test_strings_are_no_comments(line: str) -> None:
    assert read_suppressions(line)[0] == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_do_not_shift_rows(end: str, mark: str) -> None:
    text = mark + end.join(["'''a", "b'''", "x = 1  # noqa: DNN401", ""])

    ((row, column, end_column, *_),) = read_suppressions(text)[0]

    assert (row, column, end_column) == (3, 8, 22)


DECORATED = "@a  # one\n# dnnlint: ignore[DNN401]\n@b(\n)\nclass C:\n    x = 1\n"


def test_a_decorated_head_is_one_statement() -> None:
    ((*_, rows, _),) = read_suppressions(DECORATED)[0]

    assert rows == (1, 5)


def test_a_compound_statement_is_silenced_by_its_head_only() -> None:
    silencer = Silencer("a.py", "# dnnlint: ignore\nfor x in y:\n    z = 1\n", CODES)

    assert [silencer.silences("DNN401", row) for row in (1, 2, 3)] == [False, True, False]


@given(
    words=st.lists(st.sampled_from([*CODES, "DNN999", "nonsense"]), min_size=1, max_size=4),
    gap=st.sampled_from([",", ", ", "  ,", " "]),
    code=st.sampled_from(sorted(EVERYTHING)),
)
def test_a_list_silences_what_it_names_and_every_other_word_is_told(words: list[str], gap: str, code: str) -> None:
    silencer = Silencer("a.py", f"x = 1  # dnnlint: ignore[{gap.join(words)}] why", CODES)

    assert silencer.silences(code, 1) is any(CODES.get(word) == code for word in words)
    told = [fact.text for fact in silencer.unused(EVERYTHING, blanket=True)]
    assert told == [word for word in words if CODES.get(word) != code]


@given(st.lists(st.sampled_from([*CODES, "E501", "DNN999"]), max_size=4), st.booleans())
def test_columns_point_at_the_word(words: list[str], noqa: bool) -> None:
    written = [word for word in words if word[-1].isdigit()] if noqa else words
    comment = f"# noqa: {','.join(written)}" if noqa else f"# dnnlint: ignore[{', '.join(words)}]"
    line = f"x = 1  {comment}"

    for fact in Silencer("a.py", line, CODES).unused(EVERYTHING, blanket=True):
        shown = line[fact.column - 1 : fact.end_column - 1]
        assert shown == fact.text or shown.startswith("# dnnlint")


def test_codes_of_other_tools_are_never_ours() -> None:
    silencer = Silencer("a.py", "x = 1  # noqa: E501,W291,DNN777", CODES)

    assert [fact.text for fact in silencer.unused(EVERYTHING, blanket=True)] == ["DNN777"]


def test_only_rules_that_are_on_can_make_a_comment_unused() -> None:
    silencer = Silencer("a.py", "x = 1  # dnnlint: ignore[DNN401, DNN511]", CODES)

    assert [fact.text for fact in silencer.unused({"DNN511"}, blanket=True)] == ["DNN511"]


def test_a_comment_above_nothing_silences_nothing() -> None:
    silencer = Silencer("a.py", "x = 1\n# dnnlint: ignore\n", CODES)

    assert not silencer.silences("DNN401", 1)
    assert [fact.row for fact in silencer.unused(EVERYTHING, blanket=True)] == [2]
