"""Whatever the bytes, parsing ends: with a module, or with one line that says what is wrong and where."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import libcst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnlint.script import parse as parse_module
from dnnlint.script.guard import shape
from dnnlint.script.parse import Unparseable, parse
from dnnlint.script.source import decode

# Every construct on which libcst's parser recurses, by what it takes to nest it n times.
NESTED: dict[str, Callable[[int], str]] = {
    "parentheses": lambda n: "x = " + "(" * n + "1" + ")" * n,
    "lists": lambda n: "x = " + "[" * n + "]" * n,
    "dicts": lambda n: "x = " + "{1: " * n + "2" + "}" * n,
    "calls": lambda n: "x = " + "f(" * n + ")" * n,
    "lists over many lines": lambda n: "x = " + "[\n" * n + "]\n" * n,
    "brackets beside strings": lambda n: "x = " + "(')', \"]\", " * n + ")" * n,
    "brackets that never close": lambda n: "x = " + "(" * n,
    "subscripts": lambda n: "x: " + "a[" * n + "b" + "]" * n,
    "f-strings": lambda n: "x = " + 'f"{f"{' * n + "1" + '}"}"' * n,
    "fields of one f-string": lambda n: "x = f'{" + "(" * n + "1" + ")" * n + "}'",
    "list patterns": lambda n: "match a:\n    case " + "[" * n + "]" * n + ": pass",
    "mapping patterns": lambda n: "match a:\n    case " + "{1: " * n + "b" + "}" * n + ": pass",
    "class patterns": lambda n: "match a:\n    case " + "A(b=" * n + "1" + ")" * n + ": pass",
    "deleted tuples": lambda n: "del " + "(" * n + "a" + ",)" * n,
    "deleted tuples after a colon": lambda n: "if b: del " + "(" * n + "a" + ",)" * n,
}
CHAINED: dict[str, Callable[[int], str]] = {
    "sum": lambda n: "x = " + " + ".join("a" * n),
    "sum over many lines": lambda n: "x = (" + "\n    + ".join("a" * n) + ")",
    "sum of texts over many lines": lambda n: "x = " + " + ".join(['"""a\n"""'] * n),
    "sum in an f-string": lambda n: "x = f'{" + " + ".join("a" * n) + "}'",
    "product": lambda n: "x = " + " * ".join("a" * n),
    "power": lambda n: "x = " + " ** ".join("a" * n),
    "calls": lambda n: "x = a" + ".b()" * n,
    "calls over many lines": lambda n: "x = (a" + "\n    .b(c, d=1)  # e" * n + "\n)",
    "attributes": lambda n: "x = a" + ".b" * n,
    "subscripts": lambda n: "x = a" + "[0]" * n,
    "continued lines": lambda n: "x = a" + " \\\n  + b" * n,
    "lambdas": lambda n: "x = " + "lambda: " * n + "1",
    "signs": lambda n: "x = " + "-" * n + "1",
    "negations": lambda n: "x = " + "not " * n + "a",
    "conditions": lambda n: "x = " + "a if b else " * n + "c",
    "imported path": lambda n: "import " + ".".join("a" * n),
}
LINEAR: dict[str, Callable[[int], str]] = {
    "conjunction": lambda n: "x = " + " and ".join("a" * n),
    "elif": lambda n: "if a:\n    b\n" + "elif a:\n    b\n" * n,
    "except": lambda n: "try: pass\n" + "except a: pass\n" * n,
    "assignment": lambda n: "a = " * n + "1",
    "statements on a line": lambda n: "a; " * n,
    "arguments": lambda n: "f(" + "a=-1, " * n + ")",
    "list": lambda n: "x = [" + "a.b, " * n + "]",
    "with items": lambda n: "with " + ", ".join("a" * n) + ": pass",
}
MUST_PARSE = {
    "600-link call chain": "x = a" + ".b()" * 600,
    "2,000-term sum": "x = " + " + ".join("a" * 2000),
    "1,200 elif": "if a:\n    b\n" + "elif a:\n    b\n" * 1200,
    "60 nested calls": "x = " + "f(" * 60 + ")" * 60,
    "95 nested blocks": "".join(" " * i + "if a:\n" for i in range(95)) + " " * 95 + "pass\n",
    "20,000 lines": "x = f(1)  # y\n" * 20_000,
    "2 MB of text": "x = '''\n" + "(a + b)\n" * 250_000 + "'''\n",
    "brackets in texts": "x = ('(((', \"[[[\", f'{{{{ (( [[', '''\n{{{''')  # (((\n" * 300,
    "f-strings that reuse their quotes": 'x = f"{a["b"]} ({f\'{c}\'}"\n' * 300,
    "functions after an open bracket in an f-string": 'def f():\n    x = f"{a["("]}"\n' * 300,
}


def _run(sources: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Parse each source in one child process, so that a killed interpreter is seen, and by whom."""
    child = subprocess.run(
        [sys.executable, "-c", _CHILD],
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    answers = [json.loads(line) for line in child.stdout.splitlines()]
    assert child.returncode == 0, f"died after {answers[-1:]}: {child.stderr[-500:]}"
    return {answer["name"]: answer for answer in answers}


_CHILD = """
import json, sys
from dnnlint.script.parse import Unparseable, parse
for name, source in json.load(sys.stdin).items():
    answer = {"name": name, "reason": "", "row": None, "same": None}
    try:
        module = parse(source.encode())
        answer["statements"] = len(module.body)
        del module
    except Unparseable as error:
        answer.update(reason=error.reason, row=error.row)
    print(json.dumps(answer), flush=True)
"""


def _all(kinds: dict[str, Callable[[int], str]], n: int) -> dict[str, str]:
    return {name: make(n) + "\n" for name, make in kinds.items()}


@pytest.mark.parametrize("n", [200, 10_000])
def test_nesting_never_kills_the_interpreter(n: int) -> None:
    refused = _run(_all(NESTED, n + 1))
    assert {name for name, answer in refused.items() if not answer["reason"] or not answer["row"]} == set()


def test_ten_thousand_brackets_are_refused_by_name_and_row() -> None:
    with pytest.raises(Unparseable) as caught:
        parse(b"import torch\n'''\n'''\nx = \\\n  " + b"[" * 10_000 + b"]" * 10_000)
    assert (caught.value.reason, caught.value.row) == ("more than 200 nested brackets", 5)


def test_chains_never_kill_the_interpreter() -> None:
    refused = _run(_all(CHAINED, 10_000) | {f"{name}, shorter": make(150) for name, make in CHAINED.items()})
    assert {name for name, answer in refused.items() if bool(answer["reason"]) == name.endswith("shorter")} == set()


def test_long_but_flat_code_never_kills_the_interpreter() -> None:
    assert {name: answer["reason"] for name, answer in _run(_all(LINEAR, 3000)).items()} == dict.fromkeys(LINEAR, "")
    assert set(_run(_all(LINEAR, 12_000))) == set(LINEAR)


def test_large_but_honest_files_are_parsed() -> None:
    assert {name: answer["reason"] for name, answer in _run(MUST_PARSE).items()} == dict.fromkeys(MUST_PARSE, "")


@pytest.mark.parametrize(
    "source",
    [
        "type Pair[T: int = str] = tuple[T, T]\ndef f[*A, **B](a: A) -> B: ...\n",
        "x = f'{a['b']} {f'{c!r:>{d}}'}'\n",
        "try: pass\nexcept A, B: pass\n",
        "x = t'{a} {b:.2f}'\n",
        "lazy import torch\nlazy from torch import nn\n",
        "match a:\n    case {'b': [C(d=1) | None as e, *_], **f} if g: pass\n",
        "with (open(a) as b, c): pass\n",
        "async def f():\n    async with a: return [x async for x in b]\n",
    ],
)
def test_syntax_newer_than_the_running_python_is_parsed(source: str) -> None:
    assert parse(source.encode()).code == source


@pytest.mark.parametrize(
    ("source", "row", "column"),
    [
        ("import torch\nprint 'hello'\n", 2, 1),
        ("x = 1\nexec 'a' in b\n", 2, 1),
        ("\nraise A, 'b'\n", 2, 8),
        ("a\nb\nx = 0777\n", 3, None),
        ("a\nx = `b`\n", 2, 5),
        ("a\nx = ur'b'\n", 2, None),
        ("def f():\n    if a:\n    b\n", 3, 5),
        ("if a:\n        b\n    c\n", 3, None),
        ("\tx = 1\n", 1, None),
        ("a\nx = (1,\ny = [2\n", None, None),
        ("a\n\n'''never closed\n\n", 3, 1),
        ("a\nx = 'never closed\n", 2, 5),
        ("a\nx = b c\n", 2, None),
        ("é = '日本' d e\n", 1, None),
        ("%matplotlib inline\n", 1, 1),
        ("a\n<<<<<<< HEAD\n", 2, 1),
        ("<html>\n</html>\n", 1, 1),
        ("a\r\nb\r\n$\r\n", 3, 1),
        ("a\rb c\r", 2, None),
    ],
)
def test_what_is_no_python_is_refused_with_its_row(source: str, row: int | None, column: int | None) -> None:
    with pytest.raises(Unparseable) as caught:
        parse(source.encode())
    error = caught.value
    assert error.reason and "\n" not in error.reason
    assert error.row is not None and (row is None or error.row == row)
    assert column is None or error.column == column


def test_python_2_is_told_in_the_words_of_cpython() -> None:
    with pytest.raises(Unparseable, match="Missing parentheses in call to 'print'"):
        parse(b"print 'hello'\n")


def test_an_error_after_newer_syntax_is_placed_by_libcst() -> None:
    with pytest.raises(Unparseable) as caught:
        parse(b"x = t'{a}'\nlazy import b\ny = c d\n")
    assert (caught.value.row, caught.value.column) == (3, 7)


def test_code_that_only_libcst_refuses_is_not_called_wrong() -> None:
    with pytest.raises(Unparseable, match="Python accepts this"):
        parse(b"x = (" + b"'a' " * 5000 + b")\n")


@pytest.mark.parametrize("data", [b"", b"\n", b"   ", b"# a", b"\xef\xbb\xbf", b"\f", b"x = 1", b"x = 1\r\n\r\n"])
def test_next_to_nothing_is_parsed(data: bytes) -> None:
    assert parse(data).code == decode(data)


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbfx = 'a'\n", b"x = 1\r\ny = 2\r\n", "# coding: latin-1\nx = 'é'\n".encode("latin-1")],
    ids=["byte order mark", "carriage returns", "latin-1"],
)
def test_bytes_come_back_as_they_were(data: bytes) -> None:
    assert parse(data).bytes == data


def test_a_crash_inside_libcst_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panic(_: str) -> None:
        raise PanicException("index out\nof bounds")

    monkeypatch.setattr(libcst, "parse_module", panic)
    with pytest.raises(Unparseable, match="libcst failed: index out of bounds"):
        parse(b"x = 1\n")


def test_an_interrupt_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(libcst, "parse_module", interrupt)
    with pytest.raises(KeyboardInterrupt):
        parse(b"x = 1\n")


def test_too_little_memory_for_a_large_stack_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(parse_module, "on_large_stack", refuse)
    with pytest.raises(Unparseable, match="nested too deeply for the memory at hand"):
        parse(b"x = " + b"(" * 30 + b"1" + b")" * 30)


def test_importing_the_parser_imports_no_libcst() -> None:
    code = "import sys, dnnlint.script.parse, dnnlint.script.positions; sys.exit('libcst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_plain_code_needs_no_large_stack() -> None:
    assert not shape(b"def f(a):\n    return g(a, [b.c.d(1)], f'{x:.2f}')\n" * 500).deep


_PUNCTUATION = "( ) [ ] { } , ; : = := + - * ** . ... \\ # ' \" ''' \"\"\" f' t\" rb' a 1 0x é @ | -> $"
_KEYWORDS = (
    "if elif else for in while with try except def class lambda match case del return yield await async not import as"
)
_WORDS = st.sampled_from([*_PUNCTUATION.split(), *_KEYWORDS.split(), "\n", "\r", "\t", "\f"])


@settings(deadline=None)
@given(st.lists(_WORDS | st.sampled_from(["\n    ", "\n", " "]), max_size=60).map("".join))
def test_any_soup_of_tokens_is_parsed_or_refused(source: str) -> None:
    _check(source.encode())


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    _check(data)


@settings(deadline=None)
@given(st.lists(_WORDS, min_size=1, max_size=6), st.integers(1, 400))
def test_any_repeated_soup_is_parsed_or_refused(words: list[str], times: int) -> None:
    _check("".join(words * times).encode())
    _check(" ".join(words * times).encode())


def _check(data: bytes) -> None:
    try:
        parse(data)
    except Unparseable as error:
        assert error.reason and "\n" not in error.reason
        assert error.row is None or error.row >= 1
        assert error.column is None or error.column >= 1
