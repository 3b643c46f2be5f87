"""dnnlint installs as users install it: wheel, sdist, editable, and beside packs of others."""

import email
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACK = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "acme-rules"
version = "3.1"
[project.entry-points."dnnlint.packs"]
acme = "acme_rules"
[tool.setuptools]
packages = ["acme_rules"]
"""
RULE = '''
from dnnlint.evidence.script import Unreadable
from dnnlint.rule import Findings, Rule, Severity

class AcmeNoise(Rule):
    """Acme repeats every complaint."""

    code = "ACM101"
    level = Severity.WARNING
    message = "acme says: {reason}"
    why = "Because."
    mend = "Mend it."

    def static(self, fault: Unreadable) -> Findings:
        yield self.at(fault.place, reason=fault.reason)
'''


def run(*command: str | Path, cwd: Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment)
    assert not ok or done.returncode == 0, done.stdout + done.stderr
    return done


class Environment:
    """A virtual environment that borrows the dependencies of the running one, and nothing of dnnlint."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        self.folder = folder
        scripts = "Scripts" if os.name == "nt" else "bin"
        self.python = folder / scripts / "python"
        self.script = folder / scripts / "dnnlint"
        self.site = Path(
            run(self.python, "-c", "import site; print(site.getsitepackages()[-1])", cwd=folder).stdout.strip()
        )
        self._borrow()

    def _borrow(self) -> None:
        """Link what dnnlint depends on, so that no index is asked."""
        for entry in self._lenders():
            target = self.site / entry.name
            if not target.exists() and not entry.name.lower().startswith(("dnnlint", "__editable__", "torch")):
                target.symlink_to(entry)

    def _lenders(self) -> list[Path]:
        return [entry for folder in map(Path, sys.path) if folder.name == "site-packages" for entry in folder.iterdir()]

    def install(self, *what: str | Path) -> None:
        pip: list[str | Path] = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            self.python,
            "--disable-pip-version-check",
            "install",
            "--quiet",
        ]
        run(*pip, "--no-index", "--no-build-isolation", "--no-deps", *what, cwd=self.folder)

    def installed(self) -> set[str]:
        return {entry.name for entry in self.site.iterdir() if not entry.is_symlink()}

    def check(self, *arguments: str | Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
        return run(self.script, "check", *arguments, cwd=self.folder, ok=ok)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a release is built from, so that no build litters the working tree or finds the last one's leavings."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("dnnlint", "rules"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def build(kind: str, source: Path, target: Path) -> Path:
    """Ask the build backend directly, as pip does."""
    target.mkdir(parents=True, exist_ok=True)
    code = f"import sys; from setuptools import build_meta; print(build_meta.build_{kind}(sys.argv[1]))"
    return target / run(sys.executable, "-c", code, target, cwd=source).stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def sdist(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", source, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as an index's users get it: out of the unpacked sdist."""
    folder = tmp_path_factory.mktemp("unpacked")
    shutil.unpack_archive(sdist, folder, filter="data")
    (source,) = folder.iterdir()
    return build("wheel", source, folder / "dist")


def environment(folder: Path, *what: str | Path) -> Environment:
    made = Environment(folder)
    made.install(*what)
    return made


def pack(folder: Path, rule: str) -> Path:
    """Write a third-party pack whose door is word for word our own."""
    home = folder / "acme_rules"
    home.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PACK)
    shutil.copy(ROOT / "rules" / "__init__.py", home)
    (home / "acme_noise.py").write_text(rule)
    return folder


def packages_on_disk() -> set[str]:
    files = [file for top in ("dnnlint", "rules") for file in (ROOT / top).rglob("*.py")]
    names = {".".join(file.parent.relative_to(ROOT).parts) for file in files}
    return {re.sub(r"^rules\b", "dnnlint_rules", name) for name in names}


def test_the_packages_listed_are_the_folders_on_disk() -> None:
    listed = PROJECT["tool"]["setuptools"]["packages"]

    assert listed == sorted(packages_on_disk())


def test_every_package_has_an_init_file() -> None:
    folders = {file.parent for top in ("dnnlint", "rules") for file in (ROOT / top).rglob("*.py")}

    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_a_wheel_holds_every_module_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = {file.relative_to(ROOT).as_posix() for top in ("dnnlint", "rules") for file in (ROOT / top).rglob("*.py")}

    assert held == {re.sub("^rules/", "dnnlint_rules/", file) for file in files} | {"dnnlint/py.typed"}


def test_a_plain_install_asks_for_no_torch(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    required = email.message_from_bytes(archive.read(name)).get_all("Requires-Dist") or []

    assert [line for line in required if "extra ==" not in line] == PROJECT["project"]["dependencies"]
    assert [line for line in required if line.startswith("torch")] == ['torch>=2.6; extra == "probe"']


def test_a_wheel_checks_scripts(wheel: Path, tmp_path: Path) -> None:
    home = environment(tmp_path, wheel)
    fixtures = ROOT / "fixtures" / "tool" / "unreadable_source"

    assert {name for name in home.installed() if "." not in name} == {"dnnlint", "dnnlint_rules"}
    assert home.check(fixtures / "good.py").returncode == 0
    bad = home.check(fixtures / "bad.py", ok=False)
    assert (bad.returncode, "DNN001" in bad.stdout) == (1, True)


def test_an_editable_install_checks_scripts(source: Path, tmp_path: Path) -> None:
    home = environment(tmp_path, "--editable", source)
    fixtures = ROOT / "fixtures" / "tool" / "unreadable_source"

    bad = home.check(fixtures / "bad.py", ok=False)
    assert (bad.returncode, "DNN001" in bad.stdout) == (1, True)
    strays = "import importlib.util as u; print([n for n in ('rules', 'tests', 'fixtures', 'docs') if u.find_spec(n)])"
    assert run(home.python, "-c", strays, cwd=tmp_path).stdout == "[]\n"


def test_a_third_party_pack_puts_its_rule_beside_ours(wheel: Path, tmp_path: Path) -> None:
    home = environment(tmp_path / "home", wheel, pack(tmp_path / "acme", RULE))
    bad = home.check("--output-format", "concise", ROOT / "fixtures/tool/unreadable_source/bad.py", ok=False)

    assert bad.returncode == 1
    assert "DNN001" in bad.stdout
    assert "ACM101" in bad.stdout


def test_a_broken_third_party_pack_is_an_error_that_names_it(wheel: Path, tmp_path: Path) -> None:
    home = environment(tmp_path / "home", wheel, pack(tmp_path / "acme", RULE.replace("Unreadable)", "int)")))
    done = home.check(ROOT / "fixtures/tool/unreadable_source/bad.py", ok=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(r"ACM101 .*acme_noise\.py:\d+.*int, which is no evidence", done.stderr)
    assert "Traceback" not in done.stderr
