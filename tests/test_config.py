"""Configuration: strict, closest wins, frozen; and what selectors, patterns and layers mean."""

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnlint.config import KEYS, find_settings, load_settings, read_settings
from dnnlint.diagnostic import Confidence, Severity
from dnnlint.errors import ConfigError, DnnlintError
from dnnlint.evidence.script import Loader
from dnnlint.globs import Glob
from dnnlint.rule import Findings, Rule
from dnnlint.selection import select
from dnnlint.settings import Choice, Governor, Overrides, default_settings


def make_rule(name: str, rule_code: str, rule_level: Severity, sure: Confidence = Confidence.HIGH) -> Rule:
    class Made(Rule):
        code, level, confidence = rule_code, rule_level, sure
        message = why = mend = "x"

        def static(self, fact: Loader) -> Findings:
            yield self.at(fact.place)

    Made.__name__ = name
    return Made()


RULES = (
    make_rule("UnreadableSource", "DNN001", Severity.ERROR),
    make_rule("SoftmaxTwice", "DNN401", Severity.ERROR),
    make_rule("MissingZeroGrad", "DNN511", Severity.ERROR),
    make_rule("WipedGradients", "DNN512", Severity.WARNING),
    make_rule("GridSearch", "DNN801", Severity.ADVICE),
    make_rule("MaybeWrong", "DNN802", Severity.ERROR, Confidence.LOW),
    make_rule("AcmeLoss", "ACM101", Severity.WARNING),
)
DEFAULT = {"DNN001", "DNN401", "DNN511", "DNN512", "ACM101"}


def on(*choices: Choice) -> set[str]:
    return set(select(RULES, choices, frozenset({"DNN001"})).on)


def test_errors_and_warnings_that_are_sure_are_on() -> None:
    assert on() == DEFAULT
    assert select(RULES, ()).asked == frozenset()


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(select=("ALL",)), {rule.code for rule in RULES}),
        (Choice(select=("DNN5",)), {"DNN001", "DNN511", "DNN512"}),
        (Choice(select=("missing-zero-grad", "ACM")), {"DNN001", "DNN511", "ACM101"}),
        (Choice(select=("DNN51",), ignore=("DNN512",)), {"DNN001", "DNN511"}),
        (Choice(select=("DNN512",), ignore=("DNN5",)), {"DNN001", "DNN512"}),
        (Choice(select=("wiped-gradients",), ignore=("DNN512",)), {"DNN001", "DNN512"}),
        (Choice(select=("DNN401",), ignore=("DNN401",)), {"DNN001"}),
        (Choice(extend_select=("DNN801",)), DEFAULT | {"DNN801"}),
        (Choice(ignore=("DNN5", "ACM101")), {"DNN001", "DNN401"}),
        (Choice(select=("DNN4",), ignore=("DNN001",)), {"DNN401"}),
        (Choice(ignore=("ALL",)), set()),
        (Choice(select=("ALL",), ignore=("DNN",)), {"ACM101"}),
    ],
)
def test_the_more_specific_word_wins(choice: Choice, expected: set[str]) -> None:
    assert on(choice) == expected


def test_the_command_line_speaks_last() -> None:
    config = Choice(select=("DNN5",), ignore=("DNN512",), source="pyproject.toml")

    assert on(config, Choice(ignore=("DNN511",))) == {"DNN001"}
    assert on(config, Choice(extend_select=("DNN512",))) == {"DNN001", "DNN511", "DNN512"}
    assert on(config, Choice(select=("ACM",))) == {"DNN001", "ACM101"}


WORDS = st.sampled_from(["ALL", "DNN", "DNN5", "DNN51", *(r.code for r in RULES), *(r.name for r in RULES)])
CHOICES = st.builds(
    Choice,
    select=st.none() | st.lists(WORDS, min_size=1).map(tuple),
    extend_select=st.lists(WORDS, max_size=3).map(tuple),
    ignore=st.lists(WORDS, max_size=3).map(tuple),
)


@given(st.lists(CHOICES, max_size=3))
def test_selections_hold_together(choices: list[Choice]) -> None:
    selection = select(RULES, choices, frozenset({"DNN001"}))

    assert selection.asked <= selection.on <= {rule.code for rule in RULES}
    for rule in RULES:
        if choices and rule.code in choices[-1].ignore:
            others = {*(choices[-1].select or ()), *choices[-1].extend_select}
            assert rule.code not in selection.on or rule.name in others  # only the name is as specific


@given(st.text(string.ascii_letters + string.digits + "-_ .*", min_size=1, max_size=12))
def test_a_word_means_rules_or_is_an_error(word: str) -> None:
    try:
        meant = on(Choice(select=(word,)))
    except DnnlintError as error:
        assert str(error).startswith(f"--select: unknown rule {word!r}")
    else:
        assert meant - {"DNN001"} or word in ("DNN001", "unreadable-source", "DNN0", "DNN00")


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "dnnlint.toml").write_text(
        """
        select = ["DNN5"]
        extend-select = ["DNN801"]
        ignore = ["DNN512"]
        exclude = ["old"]
        extend-exclude = ["gen/*.py"]
        force-exclude = true
        respect-gitignore = false
        fail-on = "error"
        output-format = "concise"
        per-file-ignores = { "tests/**" = ["ALL"], "!src/*" = ["DNN401"] }
        [rules.missing-zero-grad]
        """
    )

    settings = find_settings(str(tmp_path))

    assert settings is not None
    source = str(tmp_path / "dnnlint.toml")
    assert settings.choices == (Choice(("DNN5",), ("DNN801",), ("DNN512",), source),)
    assert settings.exclude == (Glob("old", str(tmp_path)),)
    assert settings.extend_exclude == (Glob("gen/*.py", str(tmp_path)),)
    assert [(entry.glob.pattern, entry.negated) for entry in settings.per_file_ignores] == [
        ("tests/**", False),
        ("src/*", True),
    ]
    assert (settings.force_exclude, settings.respect_gitignore) == (True, False)
    assert (settings.fail_on, settings.output_format) == ("error", "concise")
    assert settings.rules == {"missing-zero-grad": {}}


ANY_VALUE = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(KEYS)) | st.text(), ANY_VALUE, max_size=3))
def test_any_table_gives_settings_or_an_error_that_names_file_and_key(table: dict[str, Any]) -> None:
    try:
        settings = read_settings("/p/dnnlint.toml", table, "/p")
    except ConfigError as error:
        assert str(error).startswith("/p/dnnlint.toml: ")
        assert any(repr(key) in str(error) or f" {key}:" in str(error) for key in table)
    else:
        assert set(table) <= set(KEYS)
        assert settings.source == "/p/dnnlint.toml"


@given(st.text(string.ascii_lowercase + "-", min_size=1, max_size=12).filter(lambda key: key not in KEYS))
def test_unknown_keys_are_errors(key: str) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        read_settings("x.toml", {key: []}, ".")


@pytest.mark.parametrize(
    ("name", "content", "governs"),
    [
        ("pyproject.toml", "[tool.dnnlint]", True),
        ("pyproject.toml", "[tool.ruff]\n[project]\nname = 'dnnlint'", False),
        ("pyproject.toml", "this is [not toml", False),  # and does not speak of dnnlint
        ("pyproject.toml", "[ tool . 'dnnlint' ]", True),
        ("pyproject.toml", "[tool]\ndnnlint = {}", True),
        ("pyproject.toml", "tool.dnnlint.fail-on = 'never'", True),
        ("pyproject.toml", "tool = { dnnlint = {} }", True),
        ("pyproject.toml", "[tool.dnnlint.per-file-ignores]", True),
        ("dnnlint.toml", "", True),
        (".dnnlint.toml", "fail-on = 'never'", True),
        ("dnnlint.toml", "[tool.dnnlint]\nfail-on = 'never'", True),
    ],
)
def test_which_files_govern(tmp_path: Path, name: str, content: str, governs: bool) -> None:
    (tmp_path / name).write_text(content)

    assert (find_settings(str(tmp_path)) is not None) is governs


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[tool.dnnlint\n", "is not valid TOML: "),
        (b"[tool.dnnlint] # \xff\n", "is not UTF-8"),
        (b"[tool]\ndnnlint = 3\n", "tool.dnnlint: expected a table, got a number"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        find_settings(str(tmp_path))
    assert str(caught.value).startswith(f"{path}: {reason}")


def test_a_named_pyproject_must_have_the_table(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.ruff]\n")

    with pytest.raises(ConfigError, match=r"has no \[tool.dnnlint\] table"):
        load_settings(str(path))


def test_the_closest_file_wins_and_nothing_is_merged(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.dnnlint]\nfail-on = 'error'\noutput-format = 'json'\n")
    (tmp_path / "a/dnnlint.toml").write_text("fail-on = 'never'\n")
    (tmp_path / "a/.dnnlint.toml").write_text("fail-on = 'advice'\n")
    governor = Governor(Overrides(output_format=None, respect_gitignore=False))

    outer, inner = governor.at(str(tmp_path)), governor.at(str(tmp_path / "a/b"))

    assert (outer.fail_on, outer.output_format) == ("error", "json")
    assert (inner.fail_on, inner.output_format) == ("advice", "full")
    assert not outer.respect_gitignore
    assert Governor(isolated=True).at(str(tmp_path)).fail_on == default_settings().fail_on


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("build", ["/p/build", "/p/a/build"], ["/p/builds", "/p/build.py"]),
        ("build/", ["/p/build"], ["/p/a/buildx"]),
        ("*_pb2.py", ["/p/a_pb2.py", "/p/x/b_pb2.py"], ["/p/a_pb2.pyi"]),
        ("gen/*.py", ["/p/gen/a.py", "/p/gen/deep/a.py"], ["/p/x/gen/a.py", "/p/gen/a.txt"]),
        ("./gen/a.py", ["/p/gen/a.py"], ["/p/gen/b.py"]),
        ("**/a.py", ["/p/a.py", "/p/x/y/a.py"], ["/p/ba.py", "/q/a.py"]),
        ("x/**", ["/p/x/a", "/p/x/a/b"], ["/p/xa"]),
        ("/q/*", ["/q/a"], ["/p/q/a"]),
        ("a?c", ["/p/abc"], ["/p/ac"]),
        ("[ab].py", ["/p/a.py"], ["/p/c.py", "/p/[ab].py"]),
        ("[!ab].py", ["/p/c.py"], ["/p/a.py"]),
        ("*.{py,pyi}", ["/p/a.py", "/p/a.pyi"], ["/p/a.pyc"]),
        ("a{b", ["/p/a{b"], ["/p/ab"]),
        ("[z-a]", ["/p/[z-a]"], ["/p/z"]),
        ("a+b(c)", ["/p/a+b(c)"], ["/p/aab(c)"]),
    ],
)
def test_what_patterns_mean(pattern: str, yes: list[str], no: list[str]) -> None:
    glob = Glob(pattern, "/p")

    assert [path for path in (*yes, *no) if glob.matches(path)] == yes


@given(st.text(), st.text())
def test_any_pattern_is_harmless(pattern: str, path: str) -> None:
    assert Glob(pattern, "/p").matches(f"/p/{path}") in (True, False)
