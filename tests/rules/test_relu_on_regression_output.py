"""DNN201 over loss calls made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import LossCall, Operation
from dnnlint.rule import Finding

Judge = Callable[[str, object], list[Finding]]


def operation(kind: str, node: int = 3) -> Operation:
    return Operation(kind, Place("model.py", node))


FAULTY = LossCall("MSELoss", Place("train.py", 9), None, (operation("relu"),), True, (operation("linear", 2),))


def test_the_last_activation_is_reported_and_the_loss_is_related(judge: Judge) -> None:
    (finding,) = judge("relu-on-regression-output", FAULTY)

    assert (finding.place, finding.severity) == (Place("model.py", 3), Severity.WARNING)
    assert [place for place, _ in finding.related] == [Place("train.py", 9)]


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        pytest.param({"kind": "SmoothL1Loss"}, 1, id="another regression loss"),
        pytest.param({"last": (operation("relu6"),)}, 1, id="another rectifier"),
        pytest.param({"before": (operation("conv"),)}, 1, id="behind a convolution"),
        pytest.param({"kind": "CrossEntropyLoss"}, 0, id="a classifier"),
        pytest.param({"known": False}, 0, id="something unknown can reach the loss"),
        pytest.param({"bounded_target": True}, 0, id="targets are not negative"),
        pytest.param({"embedding": True}, 0, id="features against features"),
        pytest.param({"last": (operation("leaky_relu"),)}, 0, id="a leaky rectifier"),
        pytest.param({"last": (operation("softplus"),)}, 0, id="softplus is chosen for positive targets"),
        pytest.param({"last": (operation("linear"),)}, 0, id="no activation"),
        pytest.param({"last": (), "before": ()}, 0, id="nothing is known of the prediction"),
        pytest.param({"before": ()}, 0, id="nothing is known of what the rectifier gets"),
        pytest.param({"before": (operation("add"),)}, 0, id="the rectifier follows a sum"),
        pytest.param({"last": (operation("relu"), operation("linear"))}, 0, id="one path of two is rectified"),
    ],
)
def test_only_one_sided_predictions_are_reported(judge: Judge, changes: dict[str, object], count: int) -> None:
    assert len(judge("relu-on-regression-output", FAULTY._replace(**changes))) == count  # type: ignore[arg-type]
