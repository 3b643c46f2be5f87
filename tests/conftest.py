"""What several tests share: where the repository is and which rules it ships."""

import os
import tomllib
from pathlib import Path

import pytest

from dnnlint.packs import load_rules
from dnnlint.rule import Rule

ROOT = Path(__file__).parent.parent
os.environ["DNNLINT_NO_CACHE"] = "1"  # a result that was remembered proves nothing; the cache's own tests turn it on


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def rules() -> tuple[Rule, ...]:
    """Rules of the built-in pack, whatever else is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pack = project["entry-points"]["dnnlint.packs"]["core"]
    return tuple(rule for rule in load_rules() if type(rule).__module__.startswith(f"{pack}."))
