"""The probe against the suites: silent on healthy programs, and not blind to faults."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.probe.running import Outcome, Pool
from tests.probe.seeded.build import KINDS, programs
from tests.probe.suites import LEAST, SLOW, clean_scripts, overall, seeded_scripts

HEALTHY = [script for script in clean_scripts() if script.name not in SLOW]
PROCESSES = 2


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(PROCESSES) as pool:
        yield pool


@pytest.fixture(scope="module")
def healthy(pool: Pool, request: pytest.FixtureRequest) -> dict[str, Outcome]:
    """Outcomes of the healthy programs that this session asks for, run side by side."""
    wanted = _asked_for(request, "name")
    return {outcome.script.name: outcome for outcome in pool.run_all(s for s in HEALTHY if s.name in wanted)}


@pytest.fixture(scope="module")
def seeded(pool: Pool, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """Outcomes of the faulty programs whose kinds this session asks for; of all, if it asks for the shares."""
    wanted = _asked_for(request, "kind")
    everything = any(item.name == "test_shares" for item in request.session.items)
    scripts = list(seeded_scripts(tmp_path_factory.mktemp("seeded")))
    return list(pool.run_all(s for s in scripts if everything or (s.fault is not None and s.fault.kind.name in wanted)))


def _asked_for(request: pytest.FixtureRequest, parameter: str) -> set[str]:
    calls = (getattr(item, "callspec", None) for item in request.session.items if item.path == Path(__file__))
    return {call.params[parameter] for call in calls if call is not None and parameter in call.params}


@pytest.mark.parametrize("name", [script.name for script in HEALTHY])
def test_healthy_program(name: str, healthy: dict[str, Outcome]) -> None:
    outcome = healthy[name]
    assert outcome.ended_well, outcome.output
    assert outcome.count("error") == 0, outcome.findings
    assert outcome.count("warning") <= 1, outcome.findings


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_kind_of_fault(kind: str, seeded: list[Outcome]) -> None:
    """One network may be missed; the shares over all kinds allow fewer."""
    outcomes = [outcome for outcome in seeded if outcome.script.fault and outcome.script.fault.kind.name == kind]
    assert all(outcome.ended_well for outcome in outcomes), [outcome.output for outcome in outcomes]
    found, by_the_rule, _ = (sum(column) for column in zip(*(outcome.score for outcome in outcomes), strict=True))
    assert min(found, by_the_rule) >= len(outcomes) - 1, [(o.script.name, o.findings) for o in outcomes]


def test_shares(seeded: list[Outcome]) -> None:
    shares = overall([outcome.score for outcome in seeded])
    assert all(share >= least for share, least in zip(shares, LEAST, strict=True)), shares


def test_the_suites_are_large_enough() -> None:
    assert len(HEALTHY) >= 25
    assert len(KINDS) >= 30
    networks = {kind.name: {network for variant in kind.variants for network in variant.networks} for kind in KINDS}
    assert {name for name, used in networks.items() if len(used) < 3} == set()


def test_every_faulty_program_says_where() -> None:
    unmarked = [program.name for program in programs() if not program.watched]
    assert unmarked == []
    strangers = [program.name for program in programs() if {m.rule for m in program.watched} != {program.kind.rule}]
    assert strangers == []
