"""DNN301 over initialisations made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import Init, Layer, Operation, WeightInit
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]


def drawn(std: float | None, fan_in: int | None, *activations: str) -> WeightInit:
    layer = Layer("Linear", Place("model.py", 1), fan_in)
    consumers = tuple(Operation(kind, Place("model.py", 3)) for kind in activations)
    return WeightInit(layer, Init(Place("model.py", 2), "normal", std), consumers)


@pytest.mark.parametrize(
    ("std", "fan_in", "severity"),
    [
        pytest.param(1.0, 128, Severity.ERROR, id="a standard deviation of one"),
        pytest.param(1.0, 100, Severity.WARNING, id="exactly ten"),
        pytest.param(0.5, 64, Severity.WARNING, id="a spread of four"),
    ],
)
def test_the_wider_the_worse(judge: Judge, std: float, fan_in: int, severity: Severity) -> None:
    (finding,) = judge("large-init-with-saturating-activation", drawn(std, fan_in, "sigmoid"))

    assert (node(finding.place), finding.severity) == (2, severity)
    assert [node(place) for place, _ in finding.related] == [1, 3]


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(drawn(0.02, 128, "tanh"), id="small weights"),
        pytest.param(drawn(0.3, 100, "tanh"), id="exactly three"),
        pytest.param(drawn(1.0, 128, "relu"), id="a rectifier does not saturate"),
        pytest.param(drawn(1.0, 128), id="no activation"),
        pytest.param(drawn(None, 128, "tanh"), id="the spread is not known"),
        pytest.param(drawn(1.0, None, "tanh"), id="the fan-in is not known"),
        pytest.param(drawn(0.0, 128, "tanh"), id="a constant"),
    ],
)
def test_small_or_unknown_weights_are_silent(judge: Judge, fact: WeightInit) -> None:
    assert judge("large-init-with-saturating-activation", fact) == []


def test_the_activation_that_saturates_is_named(judge: Judge) -> None:
    (finding,) = judge("large-init-with-saturating-activation", drawn(1.0, 64, "relu", "tanh"))

    assert finding.blanks["activation"] == "tanh"
