"""A function is called right after the first import of torch, and nobody else notices."""

import importlib
import importlib.util
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from dnnlint.probe import arrival

PACKAGE = """
import os
at_import = os.environ.get("FAKE_THREADS"), __loader__, __spec__.loader, __spec__.origin, __file__
from . import nn
ready = True
"""


class Greeter:
    """Notes what it finds when it is called."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[bool] = []

    def __call__(self) -> None:
        module = importlib.import_module(self.name)
        importlib.import_module(f"{self.name}.optim")
        self.seen.append(getattr(module, "ready", False))


@pytest.fixture
def torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a package that stands in for torch."""
    name = f"torch_of_{tmp_path.name}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text(PACKAGE)
    (tmp_path / name / "nn.py").write_text("import math")
    (tmp_path / name / "optim.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(arrival, "TORCH", name)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    return name


def arrive(name: str) -> Any:
    return importlib.import_module(name)


@pytest.mark.parametrize("statement", ["import {0}", "import {0}.nn", "from {0} import nn", "from {0}.nn import math"])
def test_it_is_called_once_when_torch_is_ready(torch: str, statement: str) -> None:
    greet = Greeter(torch)
    arrival.when_torch_arrives(greet)
    before = list(greet.seen)

    exec(statement.format(torch), {})
    exec(statement.format(torch), {})

    assert before == []
    assert greet.seen == [True]


def test_torch_finds_its_own_loader_everywhere(torch: str) -> None:
    finders = list(sys.meta_path)
    arrival.when_torch_arrives(Greeter(torch))

    module = arrive(torch)

    _, loader, spec_loader, origin, file = module.at_import
    assert loader is spec_loader is module.__loader__ is module.__spec__.loader
    assert type(loader) is type(importlib.util.spec_from_file_location("x", file).loader)  # type: ignore[union-attr]
    assert origin == file
    assert sys.meta_path == finders


def test_what_the_script_sets_before_its_import_counts(torch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arrival.when_torch_arrives(Greeter(torch))
    monkeypatch.setenv("FAKE_THREADS", "3")

    assert arrive(torch).at_import[0] == "3"


def test_asking_whether_torch_is_installed_is_no_import(torch: str) -> None:
    greet = Greeter(torch)
    arrival.when_torch_arrives(greet)

    spec = importlib.util.find_spec(torch)

    assert spec is not None and spec.loader is not None
    assert spec.loader.get_source(torch) == PACKAGE  # type: ignore[attr-defined]
    assert greet.seen == []
    arrive(torch)
    assert greet.seen == [True]


def test_an_import_that_fails_is_none_yet(torch: str, tmp_path: Path) -> None:
    greet = Greeter(torch)
    arrival.when_torch_arrives(greet)
    (tmp_path / torch / "nn.py").write_text("raise OSError('no such library')")

    with pytest.raises(OSError, match="no such library"):
        arrive(torch)
    (tmp_path / torch / "nn.py").write_text("import math, cmath")
    importlib.invalidate_caches()
    arrive(torch)

    assert greet.seen == [True]


def test_torch_may_be_found_later(torch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    greet = Greeter(torch)
    folder = sys.path.pop(0)
    arrival.when_torch_arrives(greet)

    with pytest.raises(ModuleNotFoundError, match=f"No module named '{torch}'"):
        arrive(torch)
    monkeypatch.syspath_prepend(folder)
    arrive(torch)

    assert greet.seen == [True]


def test_it_is_called_at_once_where_torch_is_there(torch: str) -> None:
    arrive(torch)
    greet = Greeter(torch)
    finders = list(sys.meta_path)

    arrival.when_torch_arrives(greet)

    assert greet.seen == [True]
    assert sys.meta_path == finders


def test_an_import_in_a_thread_counts(torch: str) -> None:
    greet = Greeter(torch)
    arrival.when_torch_arrives(greet)

    thread = threading.Thread(target=arrive, args=(torch,))
    thread.start()
    thread.join()

    assert greet.seen == [True]
