"""Two processes under torchrun: each one is watched, and one of them reports for both."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dnnlint.evidence.trace import Activations, Gradients, Losses, Run, Updates

if TYPE_CHECKING:
    from tests.probe.conftest import Ended, Nursery

PROGRAM = Path(__file__).with_name("ranks") / "replicas.py"
STEPS = 3
PARAMETERS = ("hidden.weight", "hidden.bias", "head.weight", "head.bias")


@pytest.fixture(scope="module")
def runs(nursery: "Nursery") -> "list[Ended]":
    """The program without the probe and with it, at the same time."""
    plain, probed = nursery.launch(PROGRAM, None, ["--steps", str(STEPS)])
    return [plain, probed]


@pytest.fixture
def own(runs: "list[Ended]") -> dict[str, Any]:
    """What the program computed of one network with the data of both processes."""
    (line,) = (line for line in runs[1].out.splitlines() if line.startswith("expect "))
    computed: dict[str, Any] = json.loads(line.removeprefix("expect "))
    return computed


def test_the_run_is_the_same_to_the_last_digit(runs: "list[Ended]") -> None:
    plain, probed = runs

    assert plain.status == probed.status == 0, probed.err
    assert sorted(probed.out.splitlines()) == sorted(plain.out.splitlines())
    assert probed.end == plain.end


def test_one_report_is_made_of_both(runs: "list[Ended]") -> None:
    _, probed = runs

    assert probed.run["notes"] == []
    assert (probed.run["world_size"], probed.run["seen_ranks"], probed.run["steps"]) == (2, 2, STEPS)
    assert not Path(probed.prefix[:-1] + "1.json").exists()


def test_losses_are_the_means_of_both(runs: "list[Ended]", own: dict[str, Any]) -> None:
    values = [one.value for one in runs[1].record[Losses].backwards]

    assert values == pytest.approx(own["losses"][: 2 * STEPS])


@pytest.mark.parametrize(("optimizer", "name"), [(0, "replicated"), (1, "sharded")])
def test_gradient_norms_are_those_of_the_whole_network(
    runs: "list[Ended]", own: dict[str, Any], optimizer: int, name: str
) -> None:
    told = {
        one.parameter.name: [step.norm for step in one.steps]
        for one in runs[1].record[Gradients].parameters
        if one.optimizer == optimizer
    }

    for place, parameter in enumerate(PARAMETERS):
        assert told[parameter] == pytest.approx([step[place] for step in own[name][:STEPS]], rel=1e-4)


def test_both_networks_are_told_as_if_they_were_whole(runs: "list[Ended]") -> None:
    record = runs[1].record

    kinds = {(one.parameter.layer.network, one.parameter.layer.kind) for one in record[Gradients].parameters}
    rows = {one.rows for one in record[Activations].layers if one.layer.path == "act" and len(one.steps) == STEPS}

    assert kinds == {("Net", "Linear")}
    assert rows == {2 * 8 * STEPS}
    assert record[Run].seen_ranks == 2
    assert all(0 < step.ratio < 1 for one in record[Updates].parameters for step in one.steps)
