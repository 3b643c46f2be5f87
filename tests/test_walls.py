"""Who may import whom: the rooms of the house, kept apart by a test over the imports."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("rules", "dnnlint")
PACK = "<the pack>"  # what the modules of the built-in pack call each other by: relative imports only
OUR_OWN = {"dnnlint", PACK}
SHARED = tuple(
    ".".join([PACK, *file.relative_to(ROOT / "rules").with_suffix("").parts])
    for file in (ROOT / "rules").rglob("_[a-z]*.py")  # no rules, but words and numbers that several share
)
OPEN_TO_ALL = ("dnnlint.diagnostic", "dnnlint.errors", "dnnlint.evidence")

# What may be imported, besides the standard library, in a room; a room that is not named is bound by FORBIDDEN alone.
ALLOWED = {
    "rules": ("dnnlint.rule", "dnnlint.evidence", "dnnlint.diagnostic", "dnnlint.packs", *SHARED),
    "dnnlint/evidence": ("dnnlint.evidence", "dnnlint.diagnostic"),
    "dnnlint/diagnostic.py": (),
    "dnnlint/errors.py": (),
    "dnnlint/installed.py": (),
    "dnnlint/rule.py": ("dnnlint.diagnostic", "dnnlint.evidence"),
    "dnnlint/contract.py": (*OPEN_TO_ALL, "dnnlint.rule"),
    "dnnlint/packs.py": (*OPEN_TO_ALL, "pluggy", "dnnlint.rule", "dnnlint.contract", "dnnlint.installed"),
    "dnnlint/engine.py": (*OPEN_TO_ALL, "dnnlint.rule", "dnnlint.contract"),
    "dnnlint/join.py": ("dnnlint.diagnostic",),
    "dnnlint/probe/launch.py": ("dnnlint.errors", "dnnlint.probe.endings"),
    "dnnlint/probe/endings.py": ("dnnlint.probe.hookless", "dnnlint.probe.patches"),
    "dnnlint/probe/hookless.py": (),
    "dnnlint/probe/patches.py": (),
    "dnnlint/probe/arrival.py": (),
    "dnnlint/probe/journal.py": ("dnnlint.cache.folder",),
    "dnnlint/cache/folder.py": (),
    "dnnlint/digest.py": (),
}
FORBIDDEN = {
    "dnnlint": ("pytest", "dnnlint_rules", "rules"),
    "dnnlint/probe": ("dnnlint.script", "dnnlint.check", "dnnlint.join", "dnnlint.report", "dnnlint.cli"),
    "dnnlint/script": (
        "dnnlint.probe",
        "dnnlint.rule",
        "dnnlint.packs",
        "dnnlint.engine",
        "dnnlint.report",
        "dnnlint.cli",
        "rich",
    ),
    "dnnlint/report": ("dnnlint.script", "dnnlint.probe", "dnnlint.packs", "dnnlint.engine", "dnnlint.cli", "libcst"),
}
ONLY_IN = {
    "libcst": "dnnlint/script",
    "torch": "dnnlint/probe",
    "rich": "dnnlint/report",
    "rich_argparse": "dnnlint/cli",
    "pluggy": "dnnlint/packs.py",
}

FILES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imports(file: Path) -> Iterator[str]:
    """Dotted names of all that a file imports, wherever in it the import stands."""
    package = [PACK if part == "rules" else part for part in relative(file).removesuffix(".py").split("/")[:-1]]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def below(name: str, tops: tuple[str, ...]) -> bool:
    return any(name == top or name.startswith(f"{top}.") for top in tops)


def inside(file: Path, room: str) -> bool:
    return relative(file) == room or relative(file).startswith(f"{room}/")


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    allowed = (*sys.stdlib_module_names, *ALLOWED[room])
    strangers = [
        (relative(f), name) for f in FILES if inside(f, room) for name in imports(f) if not below(name, allowed)
    ]

    assert strangers == []


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_does_not_import_what_it_must_not(room: str) -> None:
    banned = FORBIDDEN[room]
    guests = [(relative(f), name) for f in FILES if inside(f, room) for name in imports(f) if below(name, banned)]

    assert guests == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_lives_in_one_room(library: str) -> None:
    home = ONLY_IN[library]
    users = [relative(f) for f in FILES if not inside(f, home) and any(below(name, (library,)) for name in imports(f))]

    assert users == []


def test_every_room_in_the_tables_is_there() -> None:
    assert [room for room in {*ALLOWED, *FORBIDDEN, *ONLY_IN.values()} if not (ROOT / room).exists()] == []


def strings(file: Path) -> list[str]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_nothing_but_the_metadata_names_the_built_in_pack() -> None:
    pack = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["dnnlint.packs"]["core"]
    named = [relative(file) for file in FILES if any(below(text, (pack,)) for text in strings(file))]
    imported = [relative(file) for file in FILES if any(below(name, (pack, "rules")) for name in imports(file))]

    assert (named, imported) == ([], [])


def test_dependencies_are_what_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["probe"]]
    declared = {line.partition(">")[0].replace("-", "_") for line in lines}
    used = {name.partition(".")[0] for file in FILES for name in imports(file)} - set(sys.stdlib_module_names) - OUR_OWN

    assert used == declared


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


def test_importing_dnnlint_costs_nothing() -> None:
    heavy = "{'torch', 'libcst', 'rich', 'pluggy', 'importlib.metadata'}"
    done = run(f"import sys, dnnlint; sys.exit(','.join({heavy} & set(sys.modules)) or 0)")

    assert (done.returncode, done.stderr) == (0, "")


def test_check_works_where_torch_cannot_be_imported() -> None:
    code = "import sys; sys.modules['torch'] = None; from dnnlint.cli import main; sys.exit(main(sys.argv[1:]))"
    good = run(code, "check", str(ROOT / "fixtures/tool/unreadable_source/good.py"))
    bad = run(code, "check", str(ROOT / "fixtures/tool/unreadable_source/bad.py"))

    assert (good.returncode, good.stderr) == (0, "")
    assert bad.returncode == 1
    assert "DNN001" in bad.stdout


def test_check_imports_neither_torch_nor_pytest() -> None:
    code = (
        "import sys; from dnnlint.cli import main; main(sys.argv[1:]);"
        "sys.exit(','.join({'torch', 'pytest', 'importlib.metadata'} & set(sys.modules)) or 0)"
    )
    done = run(code, "check", str(ROOT / "fixtures/tool/unreadable_source/good.py"))

    assert (done.returncode, done.stderr) == (0, "")


def test_probe_leaves_the_import_of_torch_to_the_script(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import sys\nsys.exit(','.join({'torch', 'libcst', 'rich'} & set(sys.modules)) or 0)")
    code = "from dnnlint.cli import main; main()"
    done = run(code, "probe", "-q", "--no-static", "--journal", str(tmp_path / "journal"), str(script))

    assert (done.returncode, done.stderr) == (0, "")
