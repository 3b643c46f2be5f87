"""What the tests of reading scripts share."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dnnlint.script.reader import Reader

Facts = dict[type, list[Any]]


@pytest.fixture
def read(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Facts]:
    """Read a script, and the files it imports, and sort its facts by type; each begins with the test file's HEAD."""
    head: str = request.module.HEAD

    def reading(source: str, **files: str) -> Facts:
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(head + dedent(text))
        main = tmp_path / "train.py"
        main.write_text(head + dedent(source))
        found: Facts = {}
        for fact in Reader([str(tmp_path)]).read(str(main), main.read_bytes()).facts:
            found.setdefault(type(fact), []).append(fact)
        return found

    return reading
