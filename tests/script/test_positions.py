"""The places of nodes are those of libcst's PositionProvider, counted from 1."""

import importlib
import random
from pathlib import Path
from typing import Any

import libcst
import pytest
from libcst._nodes import internal
from libcst.metadata import MetadataWrapper, PositionProvider

from dnnlint.diagnostic import Span
from dnnlint.script import positions
from dnnlint.script.parse import parse
from dnnlint.script.positions import spans

# One file of each kind of syntax, installed wherever the tests run.
CORPUS = ("libcst._nodes.module", "libcst._nodes.op", "_pytest.assertion.util", "rich.segment")

ODD = {
    "empty": "",
    "only a comment": "# nothing\n",
    "no newline at the end": "if a:\n    b(1)",
    "carriage returns": "a = 1\r\nif b:\r\n\tc(2)\r\n",
    "lone carriage returns": "a = 1\rb = f(2)\r",
    "form feed": "a = 1\n\f\ndef f():\n    pass\n",
    "wide characters": "é = '日本'; b = f('😀', c)\n",
    "strings of several lines": 'a = """x\n  y"""; b = f("""\n""", c)\n',
    "continued lines": "a = f(\\\n  1) + \\\n  b\n",
    "comments everywhere": (
        "# a\n\n@d  # b\n\n# c\ndef f(  # e\n    x,  # g\n):  # h\n    # i\n    pass\n    # j\n# k\n"
    ),
    "every clause": (
        "try:\n    a\nexcept A as e:\n    b\nexcept (B, C):\n    c\nelse:\n    d\nfinally:\n    e\n"
        "try: a\nexcept* A: b\nwhile a: b\nelse: c\nfor a in b:\n  c\nelse:\n  d\n"
        "with (a as b, c): pass\nasync def f():\n  async with a: await b\n  async for c in d: yield\n"
    ),
    "patterns": (
        "match a:\n    # b\n    case [1, *c] | {'d': e, **f} if g: pass\n"
        "    case A(b=1) as h:\n        pass\n    case _: pass\n"
    ),
    "new syntax": "type A[T: int = str, *B] = T\ndef f[T](a: T, /, *, b=1) -> T: return f'{a!r:>{b}} {f\"{b}\"}' \n",
    "lambdas and comprehensions": (
        "a = lambda x, *y, z=1, **w: [i for j in x if j for i in j] or {a: b for c in d} or (yield)\n"
    ),
}


def _expected(module: libcst.Module) -> dict[libcst.CSTNode, Span]:
    ranges = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    return {
        node: Span(place.start.line, place.start.column + 1, place.end.line, place.end.column + 1)
        for node, place in ranges.items()
    }


def _source(name: str) -> bytes:
    return Path(str(importlib.import_module(name).__file__)).read_bytes()


@pytest.mark.parametrize("name", CORPUS)
def test_all_nodes_of_a_real_file_are_where_libcst_puts_them(name: str) -> None:
    module = parse(_source(name))
    expected = _expected(module)
    assert positions._by_tokens(module, {id(node) for node in expected}) == {
        id(node): span for node, span in expected.items()
    }


@pytest.mark.parametrize("name", CORPUS)
def test_a_few_nodes_of_a_real_file_are_where_libcst_puts_them(name: str) -> None:
    module = parse(_source(name))
    expected = _expected(module)
    draw = random.Random(name)
    for _ in range(10):
        chosen = draw.sample(list(expected), draw.randint(1, 4))
        assert spans(module, chosen) == {id(node): expected[node] for node in chosen}


@pytest.mark.parametrize("source", ODD.values(), ids=ODD.keys())
def test_every_single_node_of_odd_code_is_where_libcst_puts_it(source: str) -> None:
    module = parse(source.encode())
    for node, span in _expected(module).items():
        assert positions._by_tokens(module, {id(node)}) == {id(node): span}, type(node).__name__


def test_columns_count_characters_and_the_end_is_exclusive() -> None:
    module = parse("\ufeffé = f('日本')\n".encode())
    assignment = libcst.ensure_type(
        libcst.ensure_type(module.body[0], libcst.SimpleStatementLine).body[0], libcst.Assign
    )
    assert spans(module, [assignment.value]) == {id(assignment.value): Span(1, 5, 1, 12)}


def test_nothing_wanted_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libcst.Module, "_codegen", None)
    assert spans(parse(b"x = 1\n"), []) == {}


def test_a_node_of_another_module_is_left_out() -> None:
    module, other = parse(b"f(1)\n"), parse(b"f(2)\n")
    assert spans(module, [other.body[0], module.body[0]]) == {id(module.body[0]): Span(1, 1, 1, 5)}


def test_the_end_of_a_deep_expression_is_found() -> None:
    source = "x = (" + " + ".join(["a"] * 2000) + ")\ny = f(1)\n"
    module = parse(source.encode())
    assert spans(module, [module.body[0], module.body[1]]) == {
        id(module.body[0]): Span(1, 1, 1, len(source.splitlines()[0]) + 1),
        id(module.body[1]): Span(2, 1, 2, 9),
    }


def test_a_changed_libcst_is_answered_by_its_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    module = parse(_source("libcst._nodes.module"))
    expected = _expected(module)

    def refuse(*_: Any, **__: Any) -> None:
        raise TypeError("no such argument")

    monkeypatch.setattr(positions, "_recorders", lambda: (refuse, refuse))
    chosen = random.Random(0).sample(list(expected), 10)
    assert spans(module, chosen) == {id(node): expected[node] for node in chosen}


def test_a_missing_private_class_is_answered_by_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    module = parse(b"f(1)\n")
    positions._recorders.cache_clear()
    monkeypatch.delattr(internal, "CodegenState")
    assert spans(module, module.body) == {id(module.body[0]): Span(1, 1, 1, 5)}
