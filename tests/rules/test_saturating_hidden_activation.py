"""DNN203 over chains of operations made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import Network, Operation
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]
PLACE = Place("model.py", 0)


def network(text: str) -> Network:
    """A network of one chain; the node of each operation is its position."""
    chain = tuple(Operation(kind, Place("model.py", node)) for node, kind in enumerate(text.split()))
    return Network("Net", PLACE, (), (chain,))


def test_the_first_of_the_row_is_reported_and_the_others_are_related(judge: Judge) -> None:
    text = "linear tanh linear tanh dropout linear tanh linear"
    (finding,) = judge("saturating-hidden-activation", network(text))

    assert (node(finding.place), finding.severity) == (1, Severity.WARNING)
    assert [node(place) for place, _ in finding.related] == [3, 6]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("linear tanh linear tanh linear", id="two hidden layers"),
        pytest.param("linear tanh linear tanh linear tanh", id="the last one is the output"),
        pytest.param("linear tanh batchnorm linear tanh linear tanh linear", id="normalised after the first"),
        pytest.param("linear batchnorm tanh linear batchnorm tanh linear batchnorm tanh linear", id="normalised"),
        pytest.param("linear tanh linear relu linear tanh linear tanh linear", id="a rectifier in between"),
        pytest.param("recurrent tanh recurrent tanh recurrent tanh linear", id="recurrent layers"),
        pytest.param("tanh tanh tanh linear", id="no weights between"),
        pytest.param("linear tanh unknown linear tanh linear tanh linear", id="something unknown in between"),
        pytest.param("linear relu linear sigmoid view", id="a gate that is reshaped"),
        pytest.param("linear relu linear sigmoid view mul linear relu linear", id="a gate in the middle"),
        pytest.param("linear sigmoid mul", id="a gate at the end"),
        pytest.param("view", id="a chain without layers"),
        pytest.param("", id="an empty chain"),
    ],
)
def test_shorter_rows_of_tanh_are_silent(judge: Judge, text: str) -> None:
    assert judge("saturating-hidden-activation", network(text)) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("linear sigmoid linear sigmoid linear", 1, id="two hidden layers"),
        pytest.param("linear tanh linear sigmoid linear", 3, id="one of two"),
    ],
)
def test_a_single_hidden_sigmoid_is_advice(judge: Judge, text: str, number: int) -> None:
    (finding,) = judge("saturating-hidden-activation", network(text))

    assert (node(finding.place), finding.severity) == (number, Severity.ADVICE)


def test_each_row_of_a_network_is_reported(judge: Judge) -> None:
    row = "linear sigmoid linear sigmoid conv sigmoid"
    findings = judge("saturating-hidden-activation", network(f"{row} layernorm {row} linear"))

    assert [node(finding.place) for finding in findings] == [1, 8]
