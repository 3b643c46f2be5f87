"""Packs enter through one door, and whatever is broken is told by name."""

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from dnnlint import contract, packs
from dnnlint.errors import PackError, RuleError
from dnnlint.installed import EntryPoint, entry_points
from dnnlint.packs import load_rules, rules_in

DOOR = """
from dnnlint.packs import hookimpl, rules_in

@hookimpl
def dnnlint_rules():
    return rules_in(__name__)
"""
RULE = '''
from dnnlint.evidence.script import Forward, Loader, Search
from dnnlint.rule import Findings, Rule, Severity

class AcmeRule(Rule):
    """Acme is mistaken."""

    code = "ACM101"
    level = Severity.WARNING
    message = "acme"
    why = "Because."
    mend = "Mend it."

    def static(self, loader: Loader) -> Findings:
        yield self.at(loader.place)
'''


class Site:
    """A folder on the path in which packs are laid out as a wheel lays them out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def pack(self, name: str, door: str = DOOR, **files: str) -> None:
        self.write(f"{name}-1.0.dist-info/entry_points.txt", f"[dnnlint.packs]\n{name} = {name}_rules\n")
        self.write(f"{name}_rules/__init__.py", door)
        for stem, text in files.items():
            self.write(f"{name}_rules/{stem}.py", text)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An environment in which nothing but the test's own packs is installed."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(packs, "entry_points", lambda group: entry_points(group, [str(tmp_path)]))
    yield Site(tmp_path)
    for name in set(sys.modules) - before:
        del sys.modules[name]


def broken(old: str, new: str) -> str:
    assert old in RULE
    return RULE.replace(old, new)


def test_a_pack_brings_its_rules(site: Site) -> None:
    site.pack("acme", acme_rule=RULE)

    assert [(rule.code, rule.name) for rule in load_rules()] == [("ACM101", "acme-rule")]


@pytest.mark.usefixtures("site")
def test_without_any_pack_there_are_no_rules() -> None:
    assert load_rules() == ()


def test_rules_of_several_packs_stand_in_order_of_their_codes(site: Site) -> None:
    site.pack("acme", acme_rule=RULE)
    site.pack("zeta", early_rule=RULE.replace("AcmeRule", "EarlyRule").replace("ACM101", "AAA1"))

    assert [rule.code for rule in load_rules()] == ["AAA1", "ACM101"]


def test_files_with_an_underscore_and_borrowed_classes_are_no_rules(site: Site) -> None:
    borrowing = RULE.replace("AcmeRule", "OtherRule").replace("ACM101", "ACM102")
    site.pack(
        "acme", _shared="1 / 0", acme_rule=RULE, other_rule=f"from acme_rules.acme_rule import AcmeRule{borrowing}"
    )

    assert [rule.code for rule in load_rules()] == ["ACM101", "ACM102"]


def test_sub_packages_are_walked(site: Site) -> None:
    site.pack("acme")
    site.write("acme_rules/deep/__init__.py", "")
    site.write("acme_rules/deep/acme_rule.py", RULE)

    assert [kind.__module__ for kind in rules_in("acme_rules")] == ["acme_rules.deep.acme_rule"]


@pytest.mark.parametrize(
    ("annotation", "names"),
    [
        pytest.param("Loader", ["Loader"], id="one fact"),
        pytest.param("Loader | Search", ["Loader", "Search"], id="each member of a union"),
        pytest.param("'Loader | Forward'", ["Loader", "Forward"], id="an annotation written as a string"),
    ],
)
def test_the_signature_subscribes(site: Site, annotation: str, names: list[str]) -> None:
    site.pack("acme", acme_rule=broken("loader: Loader", f"loader: {annotation}"))
    (rule,) = load_rules()

    assert [kind.__name__ for kind in contract.subscriptions(type(rule))] == names


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param(broken('    code = "ACM101"\n', ""), 5, "has no code", id="no code"),
        pytest.param(broken("ACM101", "acme-1"), 5, "code 'acme-1'", id="code of another shape"),
        pytest.param(broken('    """Acme is mistaken."""\n', ""), 5, "has no docstring", id="no page"),
        pytest.param(broken('message = "acme"', 'message = ""'), 5, "has no message", id="no message"),
        pytest.param(broken('    why = "Because."\n', ""), 5, "has no why", id="no why"),
        pytest.param(broken('    mend = "Mend it."\n', ""), 5, "has no mend", id="no mend"),
        pytest.param(broken("    level = Severity.WARNING\n", ""), 5, "has no level", id="no level"),
        pytest.param(broken("AcmeRule", "Acme_rule"), 5, "name 'acme_rule'", id="name of another shape"),
        pytest.param(
            broken("loader: Loader", "loader"), 14, "'loader' of static has no annotation", id="no annotation"
        ),
        pytest.param(broken("loader: Loader", "loader: int"), 14, "int, which is no evidence", id="unknown evidence"),
        pytest.param(broken("loader: Loader", "loader: Rule"), 14, "Rule, which is no evidence", id="not evidence"),
        pytest.param(
            broken("loader: Loader", "loader: 'Lader'"), 14, "cannot be resolved", id="name that is not there"
        ),
        pytest.param(broken("loader: Loader", "loader: Loader, x: Search"), 14, "self and one fact", id="two facts"),
        pytest.param(broken(", loader: Loader", ""), 14, "self and one fact", id="no fact"),
        pytest.param(broken("loader: Loader", "*loader: Loader"), 14, "self and one fact", id="variadic"),
        pytest.param(
            broken("    def static", "    @staticmethod\n    def static"), 5, "not a method", id="not a method"
        ),
        pytest.param(broken("def static", "def statik"), 5, "has no half", id="no half"),
    ],
)
def test_a_broken_rule_is_named_with_file_and_line(site: Site, text: str, line: int, reason: str) -> None:
    site.pack("acme", acme_rule=text)

    with pytest.raises(RuleError) as caught:
        load_rules()
    assert f"acme_rule.py:{line})" in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("x = (\n", "acme_rule.py:1): cannot be imported: SyntaxError", id="does not parse"),
        pytest.param("\nimport no_such_module_anywhere\n", "acme_rule.py:2): cannot be imported", id="missing import"),
        pytest.param("raise SystemExit(0)\n", "acme_rule.py:1): cannot be imported: SystemExit", id="leaves"),
        pytest.param("x = 1\n", "holds no rule", id="holds nothing"),
    ],
)
def test_a_rule_file_that_cannot_be_used_is_named(site: Site, text: str, reason: str) -> None:
    site.pack("acme", acme_rule=text)

    with pytest.raises(RuleError, match=r"acme_rules\.acme_rule") as caught:
        load_rules()
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("door", "reason"),
    [
        pytest.param("\n1 / 0", "__init__.py:2)", id="fails on import, and where"),
        pytest.param("1 / 0", "ZeroDivisionError", id="fails on import"),
        pytest.param("raise SystemExit(0)", "SystemExit: 0", id="leaves on import"),
        pytest.param("", "has no hook dnnlint_rules", id="no hook"),
        pytest.param(DOOR.replace("dnnlint_rules", "dnnlint_rule"), "unknown hook 'dnnlint_rule'", id="misspelt hook"),
        pytest.param(
            DOOR.replace("dnnlint_rules()", "dnnlint_rules(x)"), "PluginValidationError", id="wrong arguments"
        ),
        pytest.param(DOOR.replace("rules_in(__name__)", "['x']"), "not a rule class", id="no classes"),
        pytest.param(DOOR.replace("rules_in(__name__)", "None"), "TypeError", id="nothing"),
        pytest.param(DOOR.replace("rules_in(__name__)", "rules_in('nowhere')"), "ModuleNotFoundError", id="no package"),
    ],
)
def test_a_broken_pack_is_named_with_its_distribution(site: Site, door: str, reason: str) -> None:
    site.pack("acme", door)

    with pytest.raises(PackError, match="rule pack 'acme'") as caught:
        load_rules()
    assert reason in str(caught.value)
    assert "acme 1.0" in str(caught.value)


def test_a_pack_that_is_not_there_is_named(site: Site) -> None:
    site.write("gone-2.0.dist-info/entry_points.txt", "[dnnlint.packs]\ngone = gone_rules\n")

    with pytest.raises(PackError, match=r"'gone'.*gone_rules.*gone 2\.0"):
        load_rules()


@pytest.mark.parametrize("other", ["ACM101", "acme-rule"])
def test_one_code_or_name_in_two_packs_is_an_error_that_names_both(site: Site, other: str) -> None:
    site.pack("acme", acme_rule=RULE)
    taken = RULE.replace("AcmeRule", "ZetaRule") if other == "ACM101" else RULE.replace("ACM101", "ZET101")
    site.pack("zeta", zeta_rule=taken)

    with pytest.raises(RuleError, match=rf"{other} .*zeta_rule\.py.*'zeta'.*acme_rule\.py.*'acme'"):
        load_rules()


def test_the_light_scan_finds_what_importlib_finds() -> None:
    for group in ("console_scripts", "dnnlint.packs", "pytest11"):
        ours = {(point.name, point.module, point.attribute) for point in entry_points(group)}
        theirs = {(point.name, point.module, point.attr or "") for point in metadata.entry_points(group=group)}

        assert ours == theirs


def test_entry_points_are_read_as_written(tmp_path: Path) -> None:
    folder = tmp_path / "some_pack-1.2.dist-info"
    folder.mkdir()
    lines = ["[other]", "no = no", "[dnnlint.packs]", "# note", " a = pack", "", "b=pack.door : Door.hooks [extra]"]
    (folder / "entry_points.txt").write_text("\n".join(lines))

    assert entry_points("dnnlint.packs", [str(tmp_path)]) == [
        EntryPoint("a", "pack", "", "some_pack 1.2"),
        EntryPoint("b", "pack.door", "Door.hooks", "some_pack 1.2"),
    ]


def test_the_first_distribution_of_a_name_wins(tmp_path: Path) -> None:
    for folder, module in (("first/Some.Pack-2.0.dist-info", "new"), ("second/some_pack-1.0.dist-info", "old")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "entry_points.txt").write_text(f"[dnnlint.packs]\nsome = {module}\n")
    path = [str(tmp_path / "gone"), str(tmp_path / "first"), str(tmp_path / "second")]

    assert [point.module for point in entry_points("dnnlint.packs", path)] == ["new"]
