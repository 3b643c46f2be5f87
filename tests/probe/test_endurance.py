"""What the probe must stand: programs that end as they would, are watched to the step asked for, and without a note."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from dnnlint.evidence.trace import Activations, Events, Gradients, Losses, Parameters, Passes, Run, Updates

if TYPE_CHECKING:
    from tests.probe.conftest import Ended, Nursery

PROGRAMS = sorted(Path(__file__).with_name("endurance").glob("*.py"))
STEPS = 4
WATCHED = {"by_hand": 0, "critics": 3 * STEPS, "never": 0}  # steps of the optimiser that stepped most
ENDED: dict[str, "Ended"] = {}


@pytest.fixture
def watched(nursery: "Nursery") -> Any:
    """The probed run of a program; its plain run is compared when it is first asked for."""

    def watch(name: str) -> "Ended":
        if name not in ENDED:
            program = next(program for program in PROGRAMS if program.stem == name)
            plain, ENDED[name] = nursery.run(program, None, ["--steps", str(STEPS)])
            assert plain.status == 0, plain.err
            assert ENDED[name].seen == plain.seen
            assert ENDED[name].end == plain.end
        return ENDED[name]

    return watch


def expected(run: "Ended") -> dict[str, Any]:
    """What the program computed itself."""
    lines = [line.removeprefix("expect ") for line in run.out.splitlines() if line.startswith("expect ")]
    return {name: value for line in lines for name, value in json.loads(line).items()}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_it_is_watched_and_runs_as_ever(watched: Any, program: Path) -> None:
    run = watched(program.stem)

    assert run.run["notes"] == []
    assert run.record[Run].steps == run.run["steps"] == WATCHED.get(program.stem, STEPS)
    assert run.left_behind <= set(run.end)


def test_accumulated_gradients_are_those_of_the_step(watched: Any) -> None:
    run = watched("accumulation")
    own = expected(run)

    losses = [one.value for one in run.record[Losses].backwards]
    weight = next(one for one in run.record[Gradients].parameters if one.parameter.name == "0.weight")
    updates = next(one for one in run.record[Updates].parameters if one.parameter.name == "0.weight")
    relu = next(one for one in run.record[Activations].layers if one.op == "relu")

    assert losses == pytest.approx(own["losses"][: len(losses)])
    assert [step.norm for step in weight.steps] == pytest.approx(own["norms"][:STEPS], rel=1e-5)
    assert [step.ratio for step in updates.steps] == pytest.approx(own["ratios"][:STEPS], rel=1e-3)
    assert [step.zeros for step in relu.steps] == pytest.approx(own["zeros"][:STEPS], abs=1e-6)
    assert [cycle.backwards for cycle in run.record[Events].cycles] == [3, 2, 3, 2]
    assert not any(cycle.stale or cycle.wiped for cycle in run.record[Events].cycles)


def test_scaled_losses_and_gradients_are_told_unscaled(watched: Any) -> None:
    run = watched("scaling")
    own = expected(run)

    losses = [one.value for one in run.record[Losses].backwards]
    known = [(value, own) for value, own in zip(losses, own["losses"], strict=False) if own is not None]

    assert len(known) >= 2 * STEPS - 2
    assert all(one.scaled for one in run.record[Losses].backwards)
    assert [value for value, _ in known] == pytest.approx([own for _, own in known], rel=1e-5)
    for optimizer, name in enumerate(("norms", "fused")):
        told = next(
            one
            for one in run.record[Gradients].parameters
            if one.optimizer == optimizer and one.parameter.name == "0.weight"
        )
        norms = [step.norm for step in told.steps if math.isfinite(step.norm)]
        assert norms == pytest.approx([norm for norm in own[name] if norm is not None][: len(norms)], rel=1e-3)
    overflows = [event for event in run.record[Events].events if event.kind == "overflow"]
    assert [(event.step, event.optimizer) for event in overflows] == [(1, 0)]
    fused = next(one for one in run.record[Updates].parameters if one.optimizer == 1)
    assert [step.skipped for step in fused.steps] == [False, True, False, False]


def test_dead_units_are_counted_where_activations_work_in_place(watched: Any) -> None:
    run = watched("inplace")

    layers = {one.layer.path: one for one in run.record[Activations].layers if one.op == "relu"}

    assert layers["dead"].dead == layers["dead"].first_dead >= expected(run)["dead"]
    assert layers["act"].steps[0].zeros == pytest.approx(0.5, abs=0.2)  # of what a normalisation gave
    assert layers["dead"].layer.units is None


def test_several_optimisers_are_told_apart(watched: Any) -> None:
    run = watched("critics")

    optimizers = run.record[Run].optimizers

    assert [(one.kind, one.steps) for one in optimizers] == [("Adam", STEPS - 1), ("Adam", 3 * STEPS)]
    assert {one.optimizer for one in run.record[Gradients].parameters} == {0, 1}
    assert len([one for one in run.record[Gradients].parameters if one.optimizer == 0]) == 2


def test_recomputed_layers_count_once(watched: Any) -> None:
    record = watched("checkpoints").record

    assert record[Run].forwards == record[Run].backwards == 4 * STEPS
    assert [cycle.backwards for cycle in record[Events].cycles] == [1] * 4 * STEPS
    assert {len(one.steps) for one in record[Activations].layers if one.layer.path == "stem"} == {STEPS}


def test_shared_and_tied_parameters_are_told_once(watched: Any) -> None:
    names = [one.name for one in watched("sharing").record[Parameters].parameters]

    assert sorted(names) == ["embed.weight", "embed.weight", "trunk.bias", "trunk.weight"]


def test_what_is_frozen_or_unreached_is_told(watched: Any) -> None:
    told = {(one.layer.path, one.name): one for one in watched("frozen").record[Parameters].parameters}

    assert all(one.received == one.trainable for one in told.values())


def test_copies_do_not_train(watched: Any) -> None:
    record = watched("averages").record

    passes = record[Passes].passes

    assert record[Run].forwards == len(passes)
    assert {(one.network, one.optimized) for one in passes if one.backward and one.optimized} == {("Sequential", True)}
    assert any(not one.training and not one.optimized for one in passes)
    assert record[Run].resumed


def test_every_kind_of_output_is_followed(watched: Any) -> None:
    record = watched("outputs").record

    passes = record[Passes].passes

    assert len(passes) == 7 * STEPS + 0  # a forward pass that returns nothing is none
    assert sum(one.backward for one in passes) == 6 * STEPS  # an object of the script's own is not looked into
    assert all(call.trains and call.input_op == "mul" for call in record[Losses].calls)


def test_networks_without_modules_are_judged_by_losses_and_order(watched: Any) -> None:
    record = watched("functional").record

    assert [call.trains for call in record[Losses].calls] == [True] * STEPS
    assert record[Parameters].foreign == ((0, 5),)
    assert record[Gradients].parameters == ()


def test_errors_of_the_script_leave_no_trace(watched: Any) -> None:
    record = watched("recovering").record

    trained = [one for one in record[Passes].passes if one.backward]

    assert len(trained) == STEPS
    assert [cycle.backwards for cycle in record[Events].cycles] == [1] * STEPS  # the second one wrote nothing
    calls = record[Losses].calls
    assert [call.value is None for call in calls] == [True, False] * STEPS


def test_nobody_else_is_watched(watched: Any) -> None:
    """Threads, forked children."""
    threads, children = watched("threads").record, watched("children").record

    assert len(threads[Losses].backwards) == len(children[Losses].backwards) == STEPS


def test_optimisers_around_optimisers_count_once(watched: Any) -> None:
    optimizers = {one.kind: one.steps for one in watched("wrappers").record[Run].optimizers if one.steps}

    assert optimizers == {"Lookahead": STEPS, "RMSprop": STEPS, "Sharpness": STEPS, "SGD": STEPS}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="DataParallel copies a network to GPUs, and here is none")
def test_copies_on_gpus_are_told_as_one_network(watched: Any) -> None:
    record = watched("parallel").record

    assert [one.network for one in record[Passes].passes] == ["Sequential"] * STEPS
    assert len(record[Gradients].parameters) == 4


def test_cells_in_loops_cost_no_more_than_is_kept(watched: Any) -> None:
    record = watched("recurrent").record

    assert record[Run].forwards == STEPS * 301
    assert len(record[Passes].passes) <= 2000
    assert {one.layer.op for one in record[Activations].layers} >= {"recurrent", "linear"}
    assert all(len(one.steps) == STEPS for one in record[Activations].layers)


def test_scripts_that_do_not_train_are_told_so(nursery: "Nursery") -> None:
    never = next(program for program in PROGRAMS if program.stem == "never")

    plain, told = nursery.run(never, None, ["--steps", "3"], quiet=False)
    (other,) = nursery.run("print('no torch'); raise SystemExit(4)", [], quiet=False)

    assert (told.status, told.out) == (plain.status, plain.out)
    assert "dnnlint: the script never trained: no optimiser stepped (1 backward pass seen)\n" in told.err
    assert other.status == 4


def test_what_was_found_before_an_exception_is_told(nursery: "Nursery") -> None:
    text = """
        import torch
        from torch import nn
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for step in range(9):
            loss = nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,)))
            optimizer.zero_grad()
            loss.backward()
            if step == 2:
                raise RuntimeError("out of luck")
            optimizer.step()
        """

    plain, probed = nursery.run(text, None, [])

    assert plain.status == probed.status == 1
    assert probed.err == plain.err
    assert probed.run["steps"] == 2
    assert "DNN401" in {finding["code"] for finding in probed.findings}


def test_rates_and_order_are_told_for_closures(nursery: "Nursery") -> None:
    program = Path(__file__).with_name("unchanged") / "closures.py"

    (run,) = nursery.run(program, ["--steps", "3"])

    backwards = [one.step for one in run.record[Losses].backwards]
    assert run.record[Run].optimizers[0].steps == 3
    assert all(before <= after for before, after in pairwise(backwards))
    assert run.record[Events].cycles == ()
