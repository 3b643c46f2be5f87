"""Every fixture is run under the probe: what it finds lies exactly on the lines marked ``# watch: rule-name``."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.probe.running import ROOT, Outcome, Pool, Script

FIXTURES = ROOT / "fixtures"
WATCH = re.compile(r"#\s*watch:\s*([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)\s*(?=#|$)")
CASES = {
    script.relative_to(FIXTURES).as_posix(): script
    for case in sorted(FIXTURES.glob("*/*/*"))
    if case.parts[-3] != "tool"
    for script in [case / "train.py" if case.is_dir() else case]
    if script.suffix == ".py" and script.exists()
}


def marked(script: Path) -> Counter[tuple[str, int, str]]:
    """Lines of a script, or of all files of its folder if that is a case of its own, that a run must lead to."""
    files = script.parent.rglob("*.py") if script.name == "train.py" else [script]
    return Counter(
        (file.name, row, name.strip())
        for file in files
        for row, line in enumerate(file.read_text().splitlines(), 1)
        for match in [WATCH.search(line)]
        if match
        for name in match[1].split(",")
    )


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[str, Outcome]]:
    """Outcomes of the fixtures that this session asks for, run side by side."""
    calls = (getattr(item, "callspec", None) for item in request.session.items if item.path == Path(__file__))
    wanted = {call.params["name"] for call in calls if call is not None}
    with Pool(2) as pool:
        yield {one.script.name: one for one in pool.run_all(Script(name, CASES[name]) for name in sorted(wanted))}


@pytest.mark.parametrize("name", CASES)
def test_a_run_finds_what_is_marked_and_nothing_else(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]

    assert outcome.findings is not None, outcome.output
    found = Counter((Path(one.file).name, one.line, one.rule) for one in outcome.findings)
    assert found == marked(CASES[name]), outcome.output
